// Package alerts judges what was seen: it evaluates rules over a view of the recording, and keeps for each rule and
// resource an alert that goes from inactive over pending and firing to recovering and resolved.
//
// Rules are Prometheus rule files over the catalogue's names, read by package query with Prometheus' own engine; those of
// the house are default.yaml. What is particular here:
//   - A rule is judged once for each period that has settled, in order, whenever that becomes known. "for" and
//     "keep_firing_for" count the time of the data, the time of a transition is that of the decision.
//   - No alert is ever resolved for lack of data. A series that has died makes it "no data", a value that is missing
//     or undefined leaves it as it is.
//   - An alert that comes back while it is recovering is the same alert, and pages nobody anew.
//   - A rule's annotation "explains" names the alerts that are its consequences. What is explained by an alert that is open is
//     listed under it and pages nobody.
//
// Rules have tests, in the format of Prometheus' promtool: [Tests] judges what they give by this very judge.
//
// Everything that an alert goes through is a change of kind [ChangeAlert] in the recording, what people do about it one of
// kind [ChangeResponse]: screens, outputs and a process that takes over read alerts from there, with [Alerts].
package alerts
