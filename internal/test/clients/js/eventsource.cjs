// A client of the stream of events, with the package eventsource.
const { EventSource } = require('eventsource')
const { tell, obey } = require('./talk.cjs')

let source

obey({
  // connect opens a stream; names are the events to listen to.
  connect(url, token, names) {
    const options = token && {
      fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, Authorization: 'Bearer ' + token } }),
    }
    const s = source = new EventSource(url, options)
    s.onopen = () => tell('open')
    s.onerror = ({ code, message }) => tell('error', { code, text: message, final: s.readyState === EventSource.CLOSED })
    for (const name of names) {
      s.addEventListener(name, ({ type, data, lastEventId }) => {
        tell('message', { name: type, id: lastEventId, message: JSON.parse(data) })
      })
    }
  },
  close() { source.close() },
})
