// Package chart turns numbers and a size into characters: areas in braille, blocks or ASCII for tiles, one
// line for a list, and large line charts with axes for a page of their own. It knows nothing of where the
// numbers come from, of colours or of the screen: every character is handed over with the [Ink] that says
// what it means.
//
// Time stands still under a chart. A [Grid] cuts time into columns at fixed moments, so that while data
// arrives only the newest column changes; the chart steps as a whole, several columns at once, when
// the newest one has reached its edge. Nothing is ever averaged away: a column keeps the lowest and the
// highest of the values that fall into it.
package chart
