// Package directory reads and writes a directory of series: a launch as plain files, for spreadsheets, for other
// programs, and for judging rules on launches that warroom never saw.
//
//	DIR/
//	  launch.yaml                 name, t0, phases, marks, sites: what the config says below launch
//	  NAME@RESOURCE.csv           one series: a metric of the catalogue, and the short name of its resource
//	  NAME@RESOURCE@LABEL.csv     one series of a metric that bears a further label, such as waf_rule_blocked@edge@rate.csv
//
// A CSV begins with the line at,value or at,value,seen. "at" is the start of the period (RFC 3339, UTC), an empty
// value means that the source was asked and had nothing, "seen" is when the value was learnt: the end of the period
// where it is left out. Several rows of one "at" are revisions, each from its "seen" on. The order of rows is free.
// Times are kept to the millisecond.
//
// In a file's name, resources and labels are spelled as in a URL: what is no letter, digit, dot, hyphen or underscore
// is % and two hexadecimal digits for each of its bytes, so %2F for a slash. So no name leads out of the folder.
//
// A derived metric (one that the catalogue computes) is taken only where it cannot be computed, because an input of
// it is missing. Other files are left alone.
package directory
