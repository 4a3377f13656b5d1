package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"warroom/sources"
	"warroom/sources/document"
)

// configTurn is how often the config file is looked at.
const configTurn = time.Second

// watchedConfig is a config file that may be changed while the room is open, and so may the rule files that it names.
type watchedConfig struct {
	path string
	open func(*config) opener
	now  atomic.Pointer[config] // the one that holds: hands read it while it is replaced
	seen map[string]stamp       // by file

	wrong   string // what there is notice of since the file last changed
	missing int    // how often in a row the file was not there
}

// later names what a changed config changes at the next start only.
func (w *watchedConfig) later(c *config) string {
	var words []string
	before := w.now.Swap(c)
	if !maps.Equal(before.Keys, c.Keys) {
		words = append(words, "keys")
	}
	if !slices.Equal(before.Runbooks, c.Runbooks) {
		words = append(words, "runbooks")
	}
	if before.Screen != c.Screen {
		words = append(words, "screen")
	}
	if before.Metrics != c.Metrics {
		words = append(words, "metrics")
	}
	if before.Recording != c.Recording {
		words = append(words, "recording")
	}
	if len(words) == 0 {
		return ""
	}
	return "; from the next start on: " + strings.Join(words, ", ")
}

// stamp tells two states of a file apart without reading it.
type stamp struct {
	modified time.Time
	size     int64
}

// watchConfig goes on from the file as it is now.
func watchConfig(path string, open func(*config) opener) *watchedConfig {
	w := &watchedConfig{path: path, open: open, seen: map[string]stamp{}}
	w.changed()
	return w
}

// changed tells whether one of the files differs from when it was last asked. A file that is gone has not changed:
// editors take it away for a moment.
func (w *watchedConfig) changed() bool {
	changed, there := w.differs(w.path)
	w.missing++
	if there {
		w.missing = 0
	}
	if c := w.now.Load(); c != nil {
		for _, file := range c.ruleFiles() {
			_, known := w.seen[file]
			differs, _ := w.differs(file)
			changed = changed || differs && known // one that is named since has been read with the config
		}
	}
	return changed
}

// differs tells whether a file differs from when it was last asked, and whether it is there.
func (w *watchedConfig) differs(file string) (differs, there bool) {
	info, err := os.Stat(file)
	if err != nil {
		return false, false
	}
	now := stamp{info.ModTime(), info.Size()}
	differs = now != w.seen[file]
	w.seen[file] = now
	return differs, true
}

// notice is what people must know about the config for as long as it lasts.
func (w *watchedConfig) notice() string {
	if w.missing > 1 {
		return "config gone, the old one holds: " + w.path
	}
	return w.wrong
}

// reload takes a changed config over while the room goes on: new sources for new resources, new words for
// the recording. A broken config changes nothing, and the room gives notice of where it is broken until it is
// not. It keeps what lets go of the sources that are polled.
func (r *room) reload(ctx context.Context, poller *sources.Poller, release *func()) {
	if r.config == nil {
		return
	}
	defer r.hold(ofConfig, "")
	for pause(ctx, configTurn) {
		if r.config.changed() {
			next, err := r.adopt(ctx, poller)
			r.config.wrong = ""
			if err != nil {
				r.config.wrong = wrong(err)
				r.tell(ctx, "the old config stays: "+reason(err))
			} else {
				(*release)()
				*release = next
			}
		}
		r.hold(ofConfig, r.config.notice())
	}
}

// wrong is the notice of why a config was not taken over.
func wrong(err error) string {
	if _, broken := errors.AsType[*document.FileError](err); broken {
		return "config broken, the old one holds: " + reason(err)
	}
	return "config not taken over, the old one holds: " + reason(err)
}

// adopt loads the config and replaces what is polled, all of it or nothing.
func (r *room) adopt(ctx context.Context, poller *sources.Poller) (release func(), err error) {
	c, err := loadConfig(r.config.path)
	if err != nil {
		return nil, err
	}
	open := r.config.open(c)
	srcs, release, err := open(ctx, c.watch)
	if err != nil {
		return nil, err
	}
	meta, before := c.meta(), r.described()
	meta.Clock = before.Clock
	if err := r.declare(ctx, meta, c.twoPeople()); err != nil {
		release()
		return nil, fmt.Errorf("describe the launch in the recording: %w", err)
	}
	poller.Replace(srcs...)
	r.tell(ctx, "config reloaded: "+difference(before.Resources, c.watch)+r.config.later(c))
	r.open = open // also for when the lease is lost and comes back
	r.describe(meta)
	return release, nil
}

// reason is the error as one line for the screen: where it is, and what it is.
func reason(err error) string {
	var f *document.FileError
	if errors.As(err, &f) {
		return f.Error()
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}

// difference names the resources that came and went.
func difference(before, after []sources.Resource) string {
	var out []string
	for _, r := range after {
		if !watches(before, r.Ref) {
			out = append(out, "+"+r.String())
		}
	}
	for _, r := range before {
		if !watches(after, r.Ref) {
			out = append(out, "-"+r.String())
		}
	}
	if len(out) == 0 {
		return "the same resources as before"
	}
	return strings.Join(out, " ")
}

func watches(resources []sources.Resource, r sources.Ref) bool {
	return slices.ContainsFunc(resources, func(o sources.Resource) bool { return o.Ref == r })
}
