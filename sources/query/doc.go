// Package query is PromQL over a view of the recording: derived metrics, rules, checks of runbooks and the
// text of tiles all ask here, with Prometheus' own engine.
//
// What people suffer with PromQL on cloud metrics comes from the data, so it is cured below the engine:
//   - a sample is stamped at the end of its period and seen for one period, so x at its watermark is the
//     newest settled value and x[3m] holds exactly three;
//   - provisional samples are invisible unless asked for;
//   - where silence means zero ([sources.Zero]) a period that was asked about reads 0, elsewhere it has no
//     value.
//
// Every series has the label resource, the label site where the launch has more than one request path, and
// the one further label of its metric. The lines made by the room (launch_seconds, launch_phase,
// mark_active, series_age_seconds) are made on reading.
//
// The iterator's Seek has the signature that Prometheus asks for, which go vet mistakes for io.Seeker: vet
// runs with -stdmethods=false.
package query
