// Package tui is the screen of the war room: it shows the recording at a cursor and answers a hand.
//
// [Model] is the only tea.Model. It owns one [sources.Window], the stretch of the recording that is held in
// memory, and the cursor, the time that the screen shows. Live, replay, rehearsal and a second viewer take the
// same path: whoever records sends an [AdvancedMsg], a command reads what was appended from the [Tape], Update
// applies it to the window, and the next frame is drawn from a view of the window at the cursor. Nothing in
// Update or View touches a file, and View hands out the last frame until something that is on it has changed.
//
// The promise to the hand: a key is answered whatever else hangs. The screen may miss a frame, never a key; on
// a slow link frames are left out, and the newest state is the one that is drawn next.
package tui
