package main

import (
	"context"
	"fmt"

	"warroom/sources"
)

// write carries out a write that outlives the closing of the room, for a while.
func (r *room) write(ctx context.Context, f func(context.Context) error) error {
	if ctx.Err() == nil {
		return f(context.WithoutCancel(ctx))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastAppends)
	defer cancel()
	return f(ctx)
}

// tell records something about the room itself, for every screen and for the morning after.
func (r *room) tell(ctx context.Context, text string) {
	now := r.clock.Now()
	c := sources.Change{At: now, Seen: now, Kind: sources.ChangeRoom, Actor: "room", Text: sources.Clean(text)}
	err := r.write(ctx, func(ctx context.Context) error { _, err := r.tape.AppendChange(ctx, c); return err })
	if err != nil {
		text = fmt.Sprintf("%s (and this could not be recorded: %v)", text, err)
	}
	r.say(text)
	r.advanced()
}

// introduce records who collects from now on, and who did before, if this process has waited for that one.
func (r *room) introduce(ctx context.Context, before string) {
	text := r.holder + " collects"
	if before != "" {
		text = r.holder + " took over from " + before
	}
	r.fact(ctx, r.holder)
	r.tell(ctx, text)
	for _, remark := range r.remarks {
		r.tell(ctx, remark)
	}
}

// fact records who holds the lease, "" when nobody does.
func (r *room) fact(ctx context.Context, holder string) {
	f := sources.Fact{Resource: sources.Ref{Service: sources.RoomService, Name: "lease"}, Name: "holder", Value: holder, Seen: r.clock.Now()}
	reading := sources.Reading{Source: sources.RoomService, At: f.Seen, Batch: sources.Batch{Facts: []sources.Fact{f}}}
	if err := r.write(ctx, func(ctx context.Context) error { return r.tape.Append(ctx, reading) }); err != nil {
		r.say(fmt.Sprintf("not recorded: %v", err))
	}
}
