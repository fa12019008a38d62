package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"
)

// name is what t's files are called in the release, but for their ending.
func (r *release) name(t target) string {
	return "codexctl_" + r.version.plain() + "_" + t.system + "_" + t.arch
}

// archiveName is the file that r.archive writes for t.
func (r *release) archiveName(t target) string {
	if t.system == "windows" {
		return r.name(t) + ".zip"
	}
	return r.name(t) + ".tar.gz"
}

// archive packs the files below one folder, in their order, all with the date of the
// release and no owner: nothing in it tells of the machine that packed it.
func (r *release) archive(t target, files []file) (err error) {
	out, err := os.Create(filepath.Join(r.out, r.archiveName(t)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	pack := packTar
	if t.system == "windows" {
		pack = packZip
	}
	return pack(out, r.name(t)+"/", r.version.date, files)
}

func packTar(w io.Writer, folder string, date time.Time, files []file) error {
	zipped, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	packed := tar.NewWriter(zipped)
	for _, f := range files {
		info, err := os.Stat(f.from)
		if err != nil {
			return err
		}
		head := &tar.Header{
			Typeflag: tar.TypeReg, Name: folder + f.to, Size: info.Size(), Mode: int64(f.mode), ModTime: date, Format: tar.FormatUSTAR,
		}
		if err := packed.WriteHeader(head); err != nil {
			return err
		}
		if err := copyFile(packed, f.from); err != nil {
			return err
		}
	}
	return errors.Join(packed.Close(), zipped.Close())
}

func packZip(w io.Writer, folder string, date time.Time, files []file) error {
	packed := zip.NewWriter(w)
	for _, f := range files {
		head := &zip.FileHeader{Name: folder + f.to, Method: zip.Deflate, Modified: date}
		head.SetMode(f.mode)
		entry, err := packed.CreateHeader(head)
		if err != nil {
			return err
		}
		if err := copyFile(entry, f.from); err != nil {
			return err
		}
	}
	return packed.Close()
}

func copyFile(w io.Writer, path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(w, in)
	return err
}
