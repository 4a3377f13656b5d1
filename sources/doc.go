// Package sources is the ground floor of the house: the words that every other room uses, and the
// rules of time that hold for all of them. It imports nothing of ours.
//
// A [Source] is polled and answers with a [Reading]: samples, facts and changes. Readings are appended
// to the recording; what comes back out of the recording is a [Batch]; the stretch of it that is on
// screen is held by a [Window]; and a [View] is that window read at a [Cursor]. Live, replay and
// rehearsal differ only in where the cursor stands.
//
// Every sample carries two times. At is the start of the period that the value is for, Seen is when we
// learnt the value. A value that is corrected later is a second sample with the same At and a later
// Seen, never an overwrite, so a View can show what was known at a moment as well as what turned out to
// be true.
package sources
