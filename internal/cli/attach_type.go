package cli

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// The types that an attachment may have.
//
// Source: OpenAI guides, "Images and vision" and "File inputs".
const (
	typePNG  = "image/png"
	typeJPEG = "image/jpeg"
	typeGIF  = "image/gif"
	typeWebP = "image/webp"
	typePDF  = "application/pdf"
)

// acceptedTypes says in words what can be attached.
const acceptedTypes = "PNG, JPEG, GIF and WebP images and PDF files"

func accepted(mime string) bool {
	return slices.Contains([]string{typePNG, typeJPEG, typeGIF, typeWebP, typePDF}, mime)
}

// sniff tells a type by the bytes alone: names are often wrong. It is empty for what
// is not known.
func sniff(data []byte) string {
	starts := func(mark string) bool { return bytes.HasPrefix(data, []byte(mark)) }
	switch {
	case starts("\x89PNG"):
		return typePNG
	case starts("\xFF\xD8\xFF"):
		return typeJPEG
	case starts("GIF87a"), starts("GIF89a"):
		return typeGIF
	case starts("RIFF") && len(data) >= 12 && string(data[8:12]) == "WEBP":
		return typeWebP
	case bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")), "\r\n\t "), []byte("%PDF-")):
		return typePDF
	case len(data) >= 12 && string(data[4:8]) == "ftyp":
		return sniffBrand(string(data[8:12]))
	case starts("\xFF\xFB"), starts("\xFF\xF3"), starts("\xFF\xF2"):
		return "audio/mpeg"
	case starts("fLaC"):
		return "audio/flac"
	}
	known, _, _ := strings.Cut(http.DetectContentType(data), ";")
	if known == "text/plain" {
		if _, err := decodeText(data); err != nil {
			return "" // a few bytes of anything look like that
		}
	}
	if known == "application/octet-stream" {
		return ""
	}
	return known
}

// sniffBrand tells what is in a container of ISO 14496-12 by its brand.
func sniffBrand(brand string) string {
	switch {
	case slices.Contains([]string{"heic", "heix", "heim", "heis", "hevc", "mif1", "msf1"}, brand):
		return "image/heic"
	case strings.HasPrefix(brand, "avi"):
		return "image/avif"
	case strings.HasPrefix(brand, "M4A"), strings.HasPrefix(brand, "M4B"):
		return "audio/mp4"
	case brand == "qt  ":
		return "video/quicktime"
	}
	return "video/mp4"
}

// settleType is the type to declare: the one that was given, unless the bytes are
// something else.
func settleType(found, given string) (string, error) {
	switch {
	case given != "" && !accepted(given):
		return "", errors.New("the type " + given + " is not accepted; accepted are " + acceptedTypes)
	case found == "" && given != "":
		return given, nil
	case found == "":
		return "", errors.New("its type is not known by its first bytes; accepted are " + acceptedTypes)
	case !accepted(found):
		return "", fmt.Errorf("%s (%s) is not accepted; accepted are %s", kindOfType(found), found, acceptedTypes)
	case given != "" && given != found:
		return "", fmt.Errorf("it is %s by its first bytes, not %s", found, given)
	}
	return found, nil
}

// kindOfType is a type for people.
func kindOfType(mime string) string {
	switch {
	case mime == "application/ogg", strings.HasPrefix(mime, "audio/"):
		return "audio"
	case strings.HasPrefix(mime, "video/"):
		return "video"
	case strings.HasPrefix(mime, "text/"):
		return "text"
	case strings.HasPrefix(mime, "image/"):
		return "an image of this kind"
	}
	return "a file of this kind"
}

// checkHeader refuses a picture that cannot be one, as far as the header tells.
func checkHeader(mime string, data []byte) error {
	const (
		pngHeader  = 8 + 25 // the signature and the chunk IHDR
		gifHeader  = 13
		webpHeader = 20
		jpegHeader = 20 // the first segment
		pdfHeader  = 8  // with its version
	)
	shortest := map[string]int{typePNG: pngHeader, typeGIF: gifHeader, typeWebP: webpHeader, typeJPEG: jpegHeader, typePDF: pdfHeader}
	if len(data) < shortest[mime] {
		return errors.New("it is cut short: it ends within its header")
	}
	switch mime {
	case typePNG:
		if string(data[12:16]) == "IHDR" && (binary.BigEndian.Uint32(data[16:]) == 0 || binary.BigEndian.Uint32(data[20:]) == 0) {
			return errors.New("it is an image without a width or a height")
		}
	case typeWebP:
		if said := uint64(binary.LittleEndian.Uint32(data[4:])) + 8; said > uint64(len(data)) {
			return fmt.Errorf("it is cut short: %d of %d bytes are there", len(data), said)
		}
	case typeGIF:
		if binary.LittleEndian.Uint16(data[6:]) == 0 || binary.LittleEndian.Uint16(data[8:]) == 0 {
			return errors.New("it is an image without a width or a height")
		}
		if animated(data) {
			return errors.New("it is animated, and only still images are accepted; save one frame of it")
		}
	}
	return nil
}

// animated says whether a GIF has a second picture.
//
// Source: GIF89a specification, appendix B.
func animated(data []byte) bool {
	table := func(flags byte) int { // bytes of a colour table
		if flags&0x80 == 0 {
			return 0
		}
		return 3 << (flags&7 + 1)
	}
	at, pictures := 13+table(data[10]), 0
	blocks := func() { // passes over sub-blocks, up to the empty one
		for at < len(data) && data[at] != 0 {
			at += int(data[at]) + 1
		}
		at++
	}
	for at < len(data) {
		switch data[at] {
		case 0x21: // an extension and its label
			at += 2
			blocks()
		case 0x2C: // a picture
			if pictures++; pictures > 1 {
				return true
			}
			if at+9 >= len(data) {
				return false
			}
			at += 10 + table(data[at+9]) + 1 // and the size of its codes
			blocks()
		default:
			return false
		}
	}
	return false
}
