package cli

import (
	"fmt"
	"time"
)

// roughly is a duration in the two units that matter.
func roughly(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d d %d h", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}

// took is how long something has taken.
func took(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return roughly(d)
}

// wholeSeconds is a pause, rounded up.
func wholeSeconds(d time.Duration) string {
	return fmt.Sprintf("%d s", max(0, (d+time.Second-1)/time.Second))
}

// toTheSecond is a duration as a clock shows it, rounded up.
func toTheSecond(d time.Duration) string {
	s := int64((d + time.Second - 1) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// minutes is a duration as a flag takes it, rounded up.
func minutes(d time.Duration) string {
	m := int64((d + time.Minute - 1) / time.Minute)
	if m < 60 {
		return fmt.Sprintf("%dm", m)
	}
	return fmt.Sprintf("%dh%dm", m/60, m%60)
}

// fromNow is how far away an instant is.
func fromNow(left time.Duration) string {
	if left <= 0 {
		return "now"
	}
	return "in " + roughly(left)
}

// localTime is an instant as a person's own clock shows it.
func localTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04 MST") }
