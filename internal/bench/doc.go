// Package bench is what every benchmark of the program reports with.
//
// # Overview
//
// A measurement fills a [Report]: where it ran ([Environment]), [Table]s with a
// unit for each column, and [Bar]s that a figure has to meet. The report is written as
// text ([Report.Text]) or as JSON ([Report.JSON]), its tables as pictures ([Table.SVG]).
// What measures is in the packages below.
//
// # Guarantees
//
//   - A figure that could not be measured is unknown: a dash in text, null in
//     JSON, no column in a picture, and a bar on it does not apply. It is never zero
//     (TestUnknown, TestPictures).
//   - JSON has stable names in camelCase that hold the unit (TestJSON).
//   - Text from a database or a command line cannot break a picture (TestPictures).
//
// # Failures
//
// A renderer fails only if its writer does.
package bench
