// Package runbooks holds the only hands of the house: guarded counter-moves. An [Action] is wanted, a [Plan] says
// what it would do, a person confirms it, and a run carries it out.
//
// What is promised:
//   - Nothing is changed unless the room is armed and the plan was confirmed as its level asks for.
//   - What a plan shows was just read, and is read again before the call; where it has changed in between, the plan is
//     void and nothing is called.
//   - The intent stands durably in the recording before the call is made. Where it cannot be written, no call is made.
//   - A call is tried once. One whose outcome is unknown is in doubt until the real state has been read.
//   - One run of a kind at a time changes a resource, whichever process it is in, and a plan is carried out once.
//   - Where the house wants two people for a kind of action, one asks and another approves the very same plan, by another
//     name and from another process, within five minutes; then the process that asked carries it out.
//
// # Runbooks
//
// A [Runbook] is a Markdown file. Its head, YAML between two lines ---, has a title, the services whose tiles it is for (for),
// the alerts that it answers (answers) and a line that says when to take it up (about). Fenced blocks of three kinds are its
// steps, written in YAML, too:
//
//	check    expr, a condition over the catalogue in PromQL; says, what it means if it holds; otherwise, what it means if
//	         not; wait, how long it is worth waiting until it holds; else, what follows if not: "skip to HEADING" leaves out
//	         the steps up to that heading, "runbook NAME" opens another one
//	action   kind, service and perhaps resource; want, its parameters; says, what it is for
//	ask      question; choices, where not any words are an answer
//
// Any step may have see, the file of another runbook beside this one (db-ceiling.md); so may the text, as a link. All of them
// can be opened from the page, and are checked to be there.
//
// In what a step says, in expressions and in parameters {{resource}} stands for the short name of the resource that is in
// trouble. All other Markdown is text. Reading is strict: what is wrong is told with its line and the nearest valid word, and
// a runbook has at least one step. The first check should hold when the runbook is needed: screens find it by that.
//
// Steps are done in their order, by whoever has the recording open; a [Logbook] writes each of them down once, and of
// several who do one at once tells the others who was first.
//
// # The record
//
// Every step of a run is a change in the recording, in its chain of hashes: who asked, who confirmed, what the provider
// answered, how it went on, and the verdict. Packages below this one know how a provider's resources are changed.
package runbooks
