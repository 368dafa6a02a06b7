// How a receiver may answer a request, by name.

export const ways = {
  good: (_, response) => response.end(),
  hangs: () => {},
  'hangs after headers': (_, response) => response.writeHead(200).write('x'),
  drips: (_, response) => setInterval(() => response.write('x'), 1_000).unref(),
  resets: (request) => request.socket.destroy(),
  endless(_, response) {
    response.on('error', () => {})
    const more = () =>
      response.write('x'.repeat(65_536)) ? setImmediate(more) : response.once('drain', more)
    more()
  },
  'asks for patience': (_, response) => response.writeHead(429, { 'retry-after': '0' }).end(),
}
