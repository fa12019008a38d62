package markdown

import (
	"strings"
	"unicode"
)

const (
	joiner    = '\u200d' // makes one sign of two
	emojiLook = '\ufe0f' // shows a sign as a picture, which is wide
)

// clean is s without the characters that steer a terminal. Newline and tab stay.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
}

// textWidth is how many columns a text without tabs takes.
func textWidth(s string) int {
	sum, last, joined := 0, 0, false
	for _, r := range s {
		w := runeWidth(r)
		switch {
		case r == emojiLook && last == 1:
			sum, last = sum+1, 2
			continue
		case joined && w > 0:
			w = 0
		}
		joined = r == joiner
		sum += w
		if w > 0 {
			last = w
		}
	}
	return sum
}

// runeWidth is how many columns a character takes by itself.
//
// Source: Unicode 17, EastAsianWidth.txt, classes W and F, by blocks.
func runeWidth(r rune) int {
	switch {
	case r < 0x20:
		return 0
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r < 0x1100:
		return 1
	case r <= 0x115F, r >= 0x2E80 && r <= 0x303E, r >= 0x3041 && r <= 0x4DBF,
		r >= 0x4E00 && r <= 0xA4CF, r >= 0xA960 && r <= 0xA97F, r >= 0xAC00 && r <= 0xD7A3,
		r >= 0xF900 && r <= 0xFAFF, r >= 0xFE30 && r <= 0xFE6F, r >= 0xFF01 && r <= 0xFF60,
		r >= 0xFFE0 && r <= 0xFFE6, r >= 0x16FE0 && r <= 0x1B2FF, r >= 0x20000 && r <= 0x3FFFD:
		return 2
	case r >= 0x1F300 && r <= 0x1F64F, r >= 0x1F680 && r <= 0x1F6FF, r >= 0x1F7E0 && r <= 0x1F7EB,
		r >= 0x1F900 && r <= 0x1F9FF, r >= 0x1FA70 && r <= 0x1FAFF, r >= 0x1F200 && r <= 0x1F265:
		return 2
	case r >= 0x231A && r <= 0x1F19A && strings.ContainsRune(widePictures, r):
		return 2
	}
	return 1
}

// widePictures are the single characters that are pictures without being asked to.
const widePictures = "⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕🀄🃏🆎🆑🆒🆓🆔🆕🆖🆗🆘🆙🆚"
