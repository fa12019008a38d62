package cli

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// pictures are the beginnings of files, by the type that they must be taken for.
const (
	pngStart  = "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x00\x00\x00\x00"
	jpegStart = "\xFF\xD8\xFF\xE0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
	webpStart = "RIFF\x0c\x00\x00\x00WEBPVP8 \x00\x00\x00\x00"
	pdfStart  = "%PDF-1.7\n"

	// gifStart has one pixel and a table of two colours; gifPicture is one picture.
	gifStart   = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
	gifLoop    = "\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
	gifPicture = "\x21\xf9\x04\x00\x0a\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00"
)

// cli.md 8, --attach: the type is told by the bytes.
func TestSniff(t *testing.T) {
	tests := []struct{ name, data, want string }{
		{"PNG", pngStart, typePNG},
		{"PNG, its first bytes alone", pngStart[:4], typePNG},
		{"JPEG", jpegStart, typeJPEG},
		{"JPEG of a camera", "\xFF\xD8\xFF\xE1\x12\x34Exif\x00\x00", typeJPEG},
		{"GIF of 1987", "GIF87a\x01\x00", typeGIF},
		{"GIF of 1989", gifStart, typeGIF},
		{"WebP", webpStart, typeWebP},
		{"PDF", pdfStart, typePDF},
		{"PDF behind a line", "\xEF\xBB\xBF\r\n%PDF-1.4", typePDF},
		{"sound in a RIFF container", "RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wave"},
		{"MP3 with a tag", "ID3\x04\x00", "audio/mpeg"},
		{"MP3 without", "\xFF\xFB\x90\x44", "audio/mpeg"},
		{"FLAC", "fLaC\x00\x00", "audio/flac"},
		{"Ogg", "OggS\x00\x02", "application/ogg"},
		{"M4A", "\x00\x00\x00\x20ftypM4A \x00\x00", "audio/mp4"},
		{"MP4", "\x00\x00\x00\x20ftypisom\x00\x00", "video/mp4"},
		{"QuickTime", "\x00\x00\x00\x14ftypqt  \x00\x00", "video/quicktime"},
		{"HEIC", "\x00\x00\x00\x18ftypheic\x00\x00", "image/heic"},
		{"AVIF", "\x00\x00\x00\x1cftypavif\x00\x00", "image/avif"},
		{"BMP", "BM\x36\x00\x00\x00", "image/bmp"},
		{"ZIP", "PK\x03\x04\x14\x00", "application/zip"},
		{"text", "hello", "text/plain"},
		{"text in UTF-16", "\xFF\xFEh\x00", "text/plain"},
		{"text about PDF", "The header is %PDF-1.7", "text/plain"},
		{"HTML", "<!DOCTYPE html>", "text/html"},
		{"anything", "\x00\x01\x02\x03", ""},
		{"a few bytes of anything", "\x89\xFE", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := sniff([]byte(tt.data)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// cli.md 8, --attach: ;type= counts unless the bytes are something else.
func TestSettleType(t *testing.T) {
	tests := []struct{ name, found, given, want, fault string }{
		{"told by the bytes", typePNG, "", typePNG, ""},
		{"given the same", typePDF, typePDF, typePDF, ""},
		{"given for unknown bytes", "", typeWebP, typeWebP, ""},
		{"given another", typePNG, typeJPEG, "", "it is image/png by its first bytes, not image/jpeg"},
		{"given for sound", "audio/mpeg", typePNG, "", "audio (audio/mpeg) is not accepted"},
		{"given sound", "", "audio/mpeg", "", "the type audio/mpeg is not accepted; accepted are PNG"},
		{"given text", "text/plain", "text/plain", "", "the type text/plain is not accepted"},
		{"unknown", "", "", "", "not known by its first bytes"},
		{"video", "video/mp4", "", "", "video (video/mp4) is not accepted; accepted are PNG"},
		{"archive", "application/zip", "", "", "application/zip"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := settleType(tt.found, tt.given)
			wantResult(t, got, err, tt.want, tt.fault)
		})
	}
}

// wantResult compares a text, or the error in its place.
func wantResult(t *testing.T, got string, err error, want, fault string) {
	t.Helper()
	switch {
	case fault == "" && (err != nil || got != want):
		t.Errorf("got %q, %v, want %q", got, err, want)
	case fault != "" && (err == nil || !strings.Contains(err.Error(), fault)):
		t.Errorf("got %q, %v, want an error with %q", got, err, fault)
	}
}

// cli.md 8, --attach: what the header of an image says is believed.
func TestCheckHeader(t *testing.T) {
	tests := []struct{ name, mime, data, fault string }{
		{"PNG", typePNG, pngStart, ""},
		{"JPEG", typeJPEG, jpegStart, ""},
		{"WebP", typeWebP, webpStart, ""},
		{"PDF", typePDF, pdfStart, ""},
		{"GIF", typeGIF, gifStart + gifPicture + ";", ""},
		{"GIF with one picture that is to be repeated", typeGIF, gifStart + gifLoop + gifPicture + ";", ""},
		{"GIF without an end", typeGIF, gifStart + gifPicture, ""},
		{"GIF that ends in a picture", typeGIF, gifStart + gifPicture[:14], ""},
		{"GIF that ends in a label", typeGIF, gifStart + "\x21", ""},

		{"PNG, cut", typePNG, pngStart[:32], "cut short"},
		{"JPEG, cut", typeJPEG, jpegStart[:10], "cut short"},
		{"WebP, cut in its header", typeWebP, webpStart[:12], "cut short"},
		{"WebP, cut behind it", typeWebP, "RIFF\xff\x00\x00\x00" + webpStart[8:], "20 of 263 bytes"},
		{"GIF, cut", typeGIF, gifStart[:9], "cut short"},
		{"PDF, cut", typePDF, "%PDF-", "cut short"},
		{"PNG without a width", typePNG, strings.Replace(pngStart, "IHDR\x00\x00\x00\x01", "IHDR\x00\x00\x00\x00", 1), "without a width"},
		{"GIF without a height", typeGIF, strings.Replace(gifStart, "\x01\x00\x01\x00", "\x01\x00\x00\x00", 1), "height"},
		{"GIF with two pictures", typeGIF, gifStart + gifLoop + gifPicture + gifPicture + ";", "animated"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wantResult(t, "", checkHeader(tt.mime, []byte(tt.data)), "", tt.fault)
		})
	}
}

// cli.md 8, --attach PATH|URL|-[;type=MIME].
func TestSplitAttachment(t *testing.T) {
	dir := t.TempDir()
	odd := filepath.Join(dir, "a;type=image")
	if err := os.MkdirAll(odd, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(odd, "gif"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		spec string
		want attachmentSpec
	}{
		{"a.png", attachmentSpec{name: "a.png"}},
		{"a,b.png", attachmentSpec{name: "a,b.png"}},
		{"-", attachmentSpec{name: "-"}},
		{"-;type=image/png", attachmentSpec{name: "-", mime: typePNG}},
		{"a.png;type=IMAGE/JPG", attachmentSpec{name: "a.png", mime: typeJPEG}},
		{"a;type=x;type=image/png", attachmentSpec{name: "a;type=x", mime: typePNG}},
		{"a.png;type=", attachmentSpec{name: "a.png", mime: "?"}},
		{"a.png;type=png", attachmentSpec{name: "a.png", mime: "png"}},
		{odd + "/gif", attachmentSpec{name: odd + "/gif"}},
		{odd + "/gif;type=image/gif", attachmentSpec{name: odd + "/gif", mime: typeGIF}},
		{"c:a.png", attachmentSpec{name: "c:a.png"}},
		{"https://h.example/a.png", attachmentSpec{name: "https://h.example/a.png", url: true}},
		{"https://h.example/a;type=i", attachmentSpec{name: "https://h.example/a;type=i", url: true}},
		{"https://h.example/a;type=image/png", attachmentSpec{name: "https://h.example/a", mime: typePNG, url: true}},
		{"file:/a.png", attachmentSpec{name: "file:/a.png", url: true}},
	}
	for _, tt := range tests {
		t.Run(tt.spec, func(t *testing.T) {
			if got := splitAttachment(tt.spec); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// rulings.md, Who may get the token: image addresses pass through, PDF addresses and
// file: do not.
func TestAttachAddress(t *testing.T) {
	tests := []struct{ spec, fault string }{
		{"https://h.example/a.png", ""},
		{"HTTP://h.example/a", ""},
		{"https://h.example/a.pdf;type=image/png", ""},
		{"https://h.example/a.png?b=.pdf", ""},
		{"https://h.example/a.pdf", "address of a PDF"},
		{"https://h.example/a.PDF?x=1", "address of a PDF"},
		{"https://h.example/a;type=application/pdf", "address of a PDF"},
		{"https://h.example/a.mp3", "audio and video"},
		{"https://h.example/a;type=audio/mpeg", "audio/mpeg is not accepted"},
		{"https:///a.png", "no host"},
		{"https://h.example:x/a.png", "no address"},
		{"file:///etc/hosts", "file:"},
		{"file:a.png", "file:"},
		{"ftp://h.example/a.png", "begin with https://"},
		{"data:image/png;base64,AAAA", "begin with https://"},
	}
	for _, tt := range tests {
		t.Run(tt.spec, func(t *testing.T) {
			spec := splitAttachment(tt.spec)
			got, err := attachAddress(spec)
			wantResult(t, got.address, err, spec.name, tt.fault)
		})
	}
}

// rulings.md, Who may get the token: no message shows a password, or all of an image.
func TestShownAddress(t *testing.T) {
	for text, want := range map[string]string{
		"https://me:secret@h.example/a.pdf":           "https://h.example/a.pdf",
		"data:," + strings.Repeat("A", 200):           "data:…",
		"ftp://h.example/a":                           "ftp://h.example/a",
		"https://me:sec/ret@h.example/a":              "https:…",
		"https://me/ret@h.example/a.pdf":              "https://***@h.example/a.pdf",
		"https://h.example/a.pdf?sig=x@y#z":           "https://h.example/a.pdf",
		"ftp://h.example/" + strings.Repeat("A", 200): "ftp://h.example/" + strings.Repeat("A", 84) + "…",
	} {
		_, err := attachAddress(splitAttachment(text))
		if err == nil || !strings.HasPrefix(err.Error(), "--attach "+want+": ") {
			t.Errorf("%.40s: got %v, want an error about %s", text, err, want)
		}
	}
}

// cli.md 8: a message is one text and what goes along with it, in the order of the line.
func TestMessage(t *testing.T) {
	a := attachments{
		text: fileBlock("a.txt", "one"),
		parts: []attachment{
			{mime: typePNG, data: []byte(pngStart)},
			{mime: typePDF, data: []byte(pdfStart), filename: `a"b.pdf`},
			{address: "https://h.example/a.png?x=1&y=<2>"},
		},
	}
	message, err := a.message("why?")
	if err != nil {
		t.Fatal(err)
	}
	encoded := func(mime, data string) string {
		return "data:" + mime + ";base64," + base64.StdEncoding.EncodeToString([]byte(data))
	}
	want := map[string]string{
		"type": "message", "role": "user", "content.#": "4",
		"content.0.type": "input_text", "content.0.text": "<file path=\"a.txt\">\none\n</file>\n\nwhy?",
		"content.1.type": "input_image", "content.1.image_url": encoded(typePNG, pngStart),
		"content.2.type": "input_file", "content.2.filename": `a"b.pdf`, "content.2.file_data": encoded(typePDF, pdfStart),
		"content.3.type": "input_image", "content.3.image_url": "https://h.example/a.png?x=1&y=<2>",
	}
	if !gjson.ValidBytes(message) {
		t.Fatalf("not JSON: %s", message)
	}
	for path, value := range want {
		if got := gjson.GetBytes(message, path).String(); got != value {
			t.Errorf("%s: got %q, want %q", path, got, value)
		}
	}
}

// cli.md 6, No silent cut: the limit holds for all text together.
func TestMessageLimit(t *testing.T) {
	half := strings.Repeat("x", inputLimit/2)
	if _, err := (attachments{text: half}).message(half); err != nil {
		t.Errorf("%d bytes: %v, want no error", inputLimit, err)
	}
	_, err := (attachments{text: half}).message(half + "x")
	wantResult(t, "", err, "", "more than 32 MiB together")
}
