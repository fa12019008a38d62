package cli

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// attachmentLimit is the most bytes that all attachments of a call may have, alone or
// together.
//
// Source: OpenAI guide "File inputs", 50 MB for all files of a request; what the backend
// takes is not known (fact R-12).
const attachmentLimit = 50_000_000

// attachmentSpec is one --attach, taken apart.
type attachmentSpec struct {
	name string // a path, an address, or -
	mime string // of ;type=, in lower case; empty without
	url  bool
}

// splitAttachment takes PATH|URL|-[;type=MIME] apart. A file that has a ;type= in its
// own name is found by the whole of it.
func splitAttachment(spec string) attachmentSpec {
	s := attachmentSpec{name: spec, url: isURL(spec)}
	if !s.url && exists(spec) {
		return s
	}
	at := strings.LastIndex(spec, ";type=")
	if at < 0 {
		return s
	}
	mime := strings.ToLower(strings.TrimSpace(spec[at+len(";type="):]))
	if s.url && !strings.Contains(mime, "/") {
		return s // part of the address
	}
	if mime == "image/jpg" {
		mime = typeJPEG // what many call it
	}
	s.name, s.mime = spec[:at], mime
	if mime == "" {
		s.mime = "?" // refused like any other word that is no type
	}
	return s
}

// isURL says whether an attachment is an address. A path with a colon in it is none.
func isURL(name string) bool {
	scheme, rest, ok := strings.Cut(name, ":")
	if !ok {
		return false
	}
	scheme = strings.ToLower(scheme)
	return strings.HasPrefix(rest, "//") || scheme == "file" || scheme == "data"
}

// attachment is an image or a PDF as it is sent.
type attachment struct {
	mime     string
	data     []byte
	filename string // of a PDF
	address  string // of an image that the backend fetches; the rest is then empty
}

// readAttachments reads and checks what --attach names.
func (inv *invocation) readAttachments(ctx context.Context, specs []string) ([]attachment, error) {
	var all []attachment
	total := 0
	for _, text := range specs {
		spec := splitAttachment(text)
		one, err := inv.readAttachment(ctx, spec)
		if err != nil {
			return nil, err
		}
		if total += len(one.data); total > attachmentLimit {
			return nil, usagef("--attach: with %s the attachments hold more than %s together, the most that is sent; nothing was sent", spec.name, limitText(attachmentLimit))
		}
		all = append(all, one)
	}
	return all, nil
}

func (inv *invocation) readAttachment(ctx context.Context, spec attachmentSpec) (attachment, error) {
	if spec.mime != "" && !strings.Contains(spec.mime, "/") {
		return attachment{}, usagef("--attach %s: ;type= wants a type such as image/png, not %q", spec.name, spec.mime)
	}
	if spec.url {
		return attachAddress(spec)
	}
	data, err := inv.readInput(ctx, "attach", spec.name, attachmentLimit)
	if err != nil {
		return attachment{}, err
	}
	name := spec.name
	if isStdin(name) {
		name = "stdin"
	}
	if len(data) == 0 {
		return attachment{}, usagef("--attach: %s is empty", name)
	}
	found := sniff(data)
	mime, err := settleType(found, spec.mime)
	if err == nil {
		err = checkHeader(mime, data)
	}
	if err != nil {
		return attachment{}, &usageError{message: fmt.Sprintf("--attach: %s: %v", name, err), hint: attachHint(found, spec.name)}
	}
	return attachment{mime: mime, data: data, filename: pdfName(name)}, nil
}

// attachHint is what to do about a file of a type that is not accepted.
func attachHint(found, name string) string {
	switch kindOfType(found) {
	case "text":
		return "send it as text: -f " + shellWord(name)
	case "an image of this kind":
		if !accepted(found) {
			return "convert it to PNG or JPEG first"
		}
	case "audio":
		return "turn it into text with another program first; the backend takes no audio"
	}
	return ""
}

// pdfName is the name that a PDF goes by.
func pdfName(name string) string {
	name = strings.ToValidUTF8(filepath.Base(name), "\uFFFD")
	if !strings.EqualFold(filepath.Ext(name), ".pdf") {
		name += ".pdf"
	}
	return name
}

// attachAddress hands an image's address on: the backend fetches it, we never do.
func attachAddress(spec attachmentSpec) (attachment, error) {
	u, err := url.Parse(spec.name)
	refuse := func(hint, format string, values ...any) (attachment, error) {
		return attachment{}, &usageError{message: "--attach " + shownAddress(spec.name, u) + ": " + fmt.Sprintf(format, values...), hint: hint}
	}
	if err != nil {
		return refuse("", "it is no address") // the cause may cite a password
	}
	switch u.Scheme {
	case "http", "https":
	case "file":
		return refuse("name the file itself: -a "+shellWord(u.Path), "a file: address is not accepted")
	default:
		return refuse("", "addresses begin with https:// or http://")
	}
	extension := strings.ToLower(path.Ext(u.Path))
	switch {
	case u.Host == "":
		return refuse("", "the address has no host")
	case spec.mime == typePDF, spec.mime == "" && extension == ".pdf":
		return refuse("get it first: curl -sSL URL | codexctl ask -a - \"what does it say?\"", "the address of a PDF is not accepted: a PDF is sent whole, and nothing is fetched here")
	case spec.mime != "" && !accepted(spec.mime):
		return refuse("", "the type %s is not accepted; as an address, only images are", spec.mime)
	case spec.mime == "" && slices.Contains([]string{".mp3", ".wav", ".m4a", ".ogg", ".flac", ".mp4", ".mov", ".webm", ".mkv", ".avi"}, extension):
		return refuse("", "audio and video are not accepted; as an address, only images are")
	}
	return attachment{address: spec.name}, nil
}

// shownAddress is an address for a message: without what may be secret in it, which is
// who asks and the query, and not the megabytes of an image that it may hold. u is nil if
// it is none; then nothing says which part of it is which.
func shownAddress(text string, u *url.URL) string {
	const longest = 100
	switch {
	case u == nil || u.Opaque != "":
		scheme, _, _ := strings.Cut(text, ":")
		text = scheme + ":…"
	default:
		text = u.Host + u.EscapedPath()
		// A password with a slash in it looks like a path.
		if at := strings.LastIndex(text, "@"); at >= 0 {
			text = maskedHeader + text[at:]
		}
		text = "//" + text
		if u.Scheme != "" {
			text = u.Scheme + ":" + text
		}
	}
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}

// The parts of a message that hold an attachment.
//
// Source: OpenAI API reference, "Create a model response", input_image and input_file.
type (
	imagePart struct {
		Type     string `json:"type"`
		ImageURL string `json:"image_url"`
	}
	filePart struct {
		Type     string `json:"type"`
		Filename string `json:"filename"`
		FileData string `json:"file_data"`
	}
)

// encode is the part of a message.
func (a attachment) encode() ([]byte, error) {
	switch {
	case a.address != "":
		return encode(imagePart{"input_image", a.address})
	case a.mime == typePDF:
		return encode(filePart{"input_file", a.filename, a.dataURL()})
	}
	return encode(imagePart{"input_image", a.dataURL()})
}

func (a attachment) dataURL() string {
	return "data:" + a.mime + ";base64," + base64.StdEncoding.EncodeToString(a.data)
}

// encodedSize is about how long the part will be.
func (a attachment) encodedSize() int {
	return base64.StdEncoding.EncodedLen(len(a.data)) + len(a.filename) + len(a.address) + 100
}

// exists says whether a path leads to something.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
