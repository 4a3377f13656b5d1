package main

import (
	"cmp"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"warroom/runbooks"
	"warroom/sources/recording"
)

// Bounds of looking at the recordings beside one's own: somebody waits for a card meanwhile.
const (
	archivesMost = 30
	archivesFor  = time.Second
)

// archives are what was done in the recordings in the same folder, the newest of them: a launch has one of its own, and what
// it needs was rehearsed in others. One that cannot be read is passed over, and so are rehearsals where this is none, whose
// account is nobody's, and the other way round.
func (r *room) archives(ctx context.Context) []runbooks.Archive {
	ctx, stop := context.WithTimeout(ctx, archivesFor)
	defer stop()
	var all []runbooks.Archive
	for _, path := range neighbours(r.tape.Path()) {
		if ctx.Err() != nil {
			break
		}
		if runs := runsOf(ctx, path, r.described().Rehearsal != ""); len(runs) > 0 {
			all = append(all, runbooks.Archive{Recording: filepath.Base(path), Runs: runs})
		}
	}
	return all
}

// neighbours are the other recordings in a recording's folder, the newest first.
func neighbours(path string) []string {
	type found struct {
		path string
		info fs.FileInfo
	}
	var all []found
	folder := filepath.Dir(path)
	entries, _ := os.ReadDir(folder) // what cannot be read has nothing for us
	own, _ := os.Stat(path)
	for _, e := range entries {
		p := filepath.Join(folder, e.Name())
		if info, err := os.Stat(p); err == nil && info.Mode().IsRegular() && filepath.Ext(p) == ".warroom" && !os.SameFile(info, own) {
			all = append(all, found{p, info})
		}
	}
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(b.info.ModTime().Compare(a.info.ModTime()), cmp.Compare(a.path, b.path))
	})
	var out []string
	for _, f := range all[:min(len(all), archivesMost)] {
		out = append(out, f.path)
	}
	return out
}

// runsOf are what was done in a recording, of rehearsals or of real launches.
func runsOf(ctx context.Context, path string, rehearsed bool) []runbooks.Run {
	tape, err := recording.OpenReadOnly(path)
	if err != nil {
		return nil
	}
	defer tape.Close() //nolint:errcheck // it is only read
	meta, err := tape.Meta(ctx)
	if err != nil || (meta.Rehearsal != "") != rehearsed {
		return nil
	}
	changes, err := tape.Changes(ctx, time.Time{}, time.Time{}, time.Time{})
	if err != nil {
		return nil
	}
	return runbooks.Runs(changes)
}
