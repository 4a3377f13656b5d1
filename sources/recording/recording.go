// Package recording keeps what a launch brought: samples, facts and changes, in one SQLite file that
// survives a crash, can be carried away, and can be read by anyone with SQL.
//
// What was appended is never overwritten. A sample that is corrected later is a further version of the
// same period, so the recording can be read as it was known at any moment. Append and AppendChange
// return nil only once the data would survive the loss of the machine's power. Under pressure nothing is
// dropped here: dropping, and saying so, is the business of a [Writer] in front of it.
//
// Many processes may read and append at once; one of them collects, namely the holder of the lease. Who
// wants to follow reads [File.Since] from the [Mark] that the last reading left.
//
// Times are kept to the millisecond, in UTC, from the year 1 to the year 9999.
package recording

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"warroom/sources"
)

// Meta is what a recording knows about its launch as a whole: enough to show it without the config that
// it was made with.
type Meta struct {
	Launch      sources.Launch
	Environment string // label of the environment, e.g. "production"
	Resources   []sources.Resource
	Clock       ClockOrigin
	Rehearsal   string // name of the scenario, "" for a real launch
	Seed        uint64 // of the rehearsal
	Tiles       string // the tiles that differ from those of the house, as YAML
}

// ClockOrigin is what a second process needs to run the same launch clock. The zero value is the machine's
// own clock.
type ClockOrigin struct {
	Origin time.Time // launch time at Base
	Base   time.Time // machine time
	Speed  float64   // launch seconds per second
}

// Mark is a place in the order of appending. The zero Mark is before all that was ever appended. Marks of
// one recording may be compared, by any process; the greater is the later.
type Mark int64

// metaField is one row of the table meta.
type metaField struct {
	key   string
	value any // pointer into a Meta
}

func (m *Meta) fields() []metaField {
	return []metaField{
		{"launch", &m.Launch},
		{"environment", &m.Environment},
		{"resources", &m.Resources},
		{"clock", &m.Clock},
		{"rehearsal", &m.Rehearsal},
		{"seed", &m.Seed},
		{"tiles", &m.Tiles},
	}
}

// Meta is what the recording knows about its launch.
func (f *File) Meta(ctx context.Context) (Meta, error) {
	var m Meta
	values := map[string]string{}
	err := f.reading(ctx, func(r *reader) error {
		return r.each(`SELECT key, value FROM meta`, nil, func(row []any) error {
			values[text(row[0])] = text(row[1])
			return nil
		})
	})
	if err != nil {
		return Meta{}, f.explain("read what it is about", err)
	}
	for _, field := range m.fields() {
		if value, ok := values[field.key]; ok {
			if err := json.Unmarshal([]byte(value), field.value); err != nil {
				return Meta{}, f.damaged(fmt.Errorf("its %s is unreadable: %w", field.key, err))
			}
		}
	}
	return m, nil
}

// SetMeta replaces what the recording knows about its launch, durably: a changed config, a moved T0.
func (f *File) SetMeta(ctx context.Context, m Meta) error {
	values, err := encodeMeta(m)
	if err != nil {
		return err
	}
	err = f.writing(ctx, func(w *appending) error {
		for key, value := range values {
			if _, err := w.tx.ExecContext(w.ctx, setMeta, key, value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return f.explain("record what it is about", err)
	}
	return nil
}

const setMeta = `INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)`

func encodeMeta(m Meta) (map[string]string, error) {
	values := map[string]string{}
	for _, field := range m.fields() {
		value, err := json.Marshal(field.value)
		if err != nil {
			return nil, fmt.Errorf("record the launch's %s: %w", field.key, err)
		}
		values[field.key] = string(value)
	}
	return values, nil
}
