// Package awswrite changes what stands in AWS: the counter-moves behind [runbooks.Hand]. It has an AWS configuration and
// clients of its own and shares none of them, nor a budget, with what reads: a throttled poller does not slow the hands.
//
// What is promised:
//   - Every request is tried once. Nothing is ever sent again because an answer was not heard.
//   - Writes are signed only for a confirmed plan whose intent is written ([runbooks.Permitted]), and only those that the
//     house knows; describing is always allowed. Everything else is refused where requests are signed, and nothing is sent.
//   - What cannot be, or is out of bounds, is refused when it is planned, before any write.
//   - Where AWS has a token for what was read (ETag, lock token, caller reference), it is used.
//   - A whole document that is replaced keeps all that is in it, also what this program does not know; where that is not
//     certain, the change is refused.
package awswrite
