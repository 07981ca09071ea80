// Package client serves the client for TypeScript to pages and to npm: from the server
// that they connect to, in the version that fits it.
//
// # Overview
//
// The folder is the npm package, in src; dist is what it was built into. [Handler]
// serves dist below /client/: rowcast.js and react.js are modules for a page, with their
// types beside them. /client/rowcast.tgz is the package as npm takes it.
//
// # Guarantees
//
//   - Parts that modules share have the hash of their content in their names and are
//     kept for good. Everything else is asked for again, and sent only if it changed
//     (TestHandler). What a module imports is there (TestModulesAreWhole).
//   - The package has what "npm pack" would put in, and is the same bytes for the same
//     files (TestPackage).
//   - It installs into an empty project for Vite, for Next and for Node, and passes their
//     compilers, strictly. A feed that is made where there is no page does nothing until
//     it connects (TestInstalls).
//
// # Failures
//
// What is no such file is not found.
package client
