// Package bench is what every benchmark of the program reports with.
//
// # Overview
//
// A measurement fills a [Report]: where it ran ([Environment]), [Table]s with a
// unit for each column, [Bar]s that a figure has to meet, and [Chart]s. The
// same report is written as text ([Report.Text]), as JSON ([Report.JSON]) and
// as one HTML file ([Report.HTML]). What measures is in the packages below:
// measure has the instruments, the others one benchmark each.
//
// # Guarantees
//
//   - A figure that could not be measured is unknown: a dash in text, null in
//     JSON, and a bar on it does not apply. It is never zero (TestUnknown).
//   - A table of text that would be wider than 120 columns has its titles broken
//     between words (TestWideTablesFit).
//   - JSON has stable names in camelCase that hold the unit (TestJSON).
//   - The HTML file needs nothing else: no script, no request, both colour
//     schemes (TestHTMLIsSelfContained).
//   - Text from a database or a command line cannot break the HTML
//     (TestHTMLEscapes).
//
// # Failures
//
// A renderer fails only if its writer does.
package bench
