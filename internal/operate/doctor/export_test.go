package doctor

// Encrypted is for tests: no test leaves this machine.
var Encrypted = encrypted
