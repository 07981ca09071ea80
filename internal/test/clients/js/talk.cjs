// How a client talks with the test: one line of JSON for everything that
// happens to it, and one for everything that it is to do.
const { createInterface } = require('node:readline')

exports.tell = (on, more) => process.stdout.write(JSON.stringify({ on, ...more }) + '\n')

exports.obey = commands => {
  createInterface({ input: process.stdin })
    .on('line', line => {
      const { command, args } = JSON.parse(line)
      commands[command](...args)
    })
    .on('close', () => process.exit(0))
}
