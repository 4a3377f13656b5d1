package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// panicError is a panic of the room. It ends the room as any other error does: one that ended the process would
// leave the terminal as the screen had it, and the lease with a dead process.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string {
	return fmt.Sprintf("the room panicked: %v\n%s", e.value, e.stack)
}

// guarded turns a panic into an error.
func guarded(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{v, debug.Stack()}
		}
	}()
	return f()
}

// ending is f for a goroutine of its own: a panic in it becomes the cause with which the others are stopped.
func ending(stop context.CancelCauseFunc, f func()) func() {
	return func() {
		if err := guarded(func() error { f(); return nil }); err != nil {
			stop(err)
		}
	}
}

// panicked is the panic that ended ctx, nil where something else did.
func panicked(ctx context.Context) error {
	if p, ok := errors.AsType[*panicError](context.Cause(ctx)); ok {
		return p
	}
	return nil
}
