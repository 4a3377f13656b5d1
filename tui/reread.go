package tui

import (
	"context"
	"reflect"
	"slices"

	"warroom/sources"
	"warroom/sources/recording"
)

// reread is what the recording says about itself, read again where the room says that something about it has changed,
// as after a changed config; else nil.
func reread(ctx context.Context, tape Tape, b sources.Batch) *recording.Meta {
	if !slices.ContainsFunc(b.Changes, func(c sources.Change) bool { return c.Kind == sources.ChangeRoom }) {
		return nil
	}
	meta, err := tape.Meta(ctx)
	if err != nil {
		return nil // the next change of the room asks again
	}
	return &meta
}

// retell shows what the recording says about itself now.
func (m *Model) retell(meta *recording.Meta) {
	if meta == nil || reflect.DeepEqual(*meta, m.opt.Meta) {
		return
	}
	m.opt.Meta, m.room.meta, m.dirty = *meta, meta, true
}

// meta is what the recording says about itself; a new pointer whenever that has changed.
func (m *Model) meta() *recording.Meta {
	if m.room.meta != nil {
		return m.room.meta
	}
	return &m.opt.Meta
}
