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
// mark_active, series_age_seconds) are made on reading; where the view holds one of them, as in a test of rules,
// it is read instead.
//
// surprise:METRIC is how surprising each series of a metric is in each of its settled periods: a score by
// [surprise.Detector], which pages at 1. It is there for every metric that is measured, costs nothing until an
// expression names it, and is made of the samples that the window holds and those before them that the same engine has
// followed: of an hour at a minute each, the first half is warm-up and none of it knows how other days are. So two
// engines that began at different times may differ, and a score is never later than the cursor nor changed by what
// comes after it, but for revisions.
//
// previous:METRIC is the series of an earlier launch ([Options.Earlier]), at the same time against its T0, as they
// turned out. They hold no watermark up, and an offset looks further back in that launch.
//
// The iterator's Seek has the signature that Prometheus asks for, which go vet mistakes for io.Seeker: vet
// runs with -stdmethods=false.
package query
