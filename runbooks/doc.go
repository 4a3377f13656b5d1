// Package runbooks holds the only hands of the house: guarded counter-moves. An [Action] is wanted, a [Plan] says
// what it would do, a person confirms it, and a run carries it out.
//
// What is promised:
//   - Nothing is changed unless the room is armed and the plan was confirmed as its level asks for.
//   - What a plan shows was just read, and is read again before the call; where it has changed in between, the plan is
//     void and nothing is called.
//   - The intent stands durably in the recording before the call is made. Where it cannot be written, no call is made.
//   - A call is tried once. One whose outcome is unknown is in doubt until the real state has been read.
//   - One run at a time changes a resource, whichever process it is in, and a plan is carried out once.
//   - Where the house wants two people for a kind of action, one asks and another approves the very same plan, by another
//     name and from another process, within five minutes; then the process that asked carries it out.
//
// Every step of a run is a change in the recording, in its chain of hashes: who asked, who confirmed, what the provider
// answered, how it went on, and the verdict. Packages below this one know how a provider's resources are changed.
package runbooks
