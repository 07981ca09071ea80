// Package config reads the settings of Rowcast from the environment and from
// flags.
//
// # Overview
//
// One table, [Settings], names every setting; the flag of a setting is derived
// from its environment variable by one rule, [FlagName]. [Bind] gives a command
// the flags it needs, [Load] turns flags and environment into a [Config]. A flag
// wins over the environment, the environment over the default, and an empty value
// counts as not set.
//
// # Guarantees
//
//   - Every bad value is reported, not just the first, with its name, where it
//     came from and what is accepted (TestLoadReportsEverythingAtOnce).
//   - A misspelt ROWCAST_ variable is an error that names the nearest setting
//     (TestLoadRefusesUnknownVariables).
//   - No password and no secret appears when a Config, a Secret or an error is printed,
//     logged or encoded (TestNothingPrintsSecrets). The same holds for a connection
//     string or an address (TestRedactURL, TestRedactURLHidesAnyPassword).
//   - A port that no database can have is refused here, with the name of its setting
//     (TestPortsOfDatabases).
//   - A command that binds a subset of the settings is not disturbed by bad values
//     of the others (TestLoadReadsOnlyWhatIsBound).
//   - Everything that is not safe for a server that other machines reach is named, with
//     what to do. It can be allowed by name (TestRisks).
//
// # Failures
//
// Load returns an [*InvalidError] and [Config.Risky] a [*RiskError], whose texts
// are ready to be shown. Config checks the form of values. Whether a database
// answers, a key file holds a key or a port is free is found out by the package
// that uses the value.
package config
