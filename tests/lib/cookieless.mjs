// A browser whose cookies never come back: a forward proxy for plain http that leaves them out.
// (Chromium does not let a page's requests be changed in that.)

import http from 'node:http';

/** Start it; gives its address and how to stop it. */
export async function cookieless() {
  const server = http.createServer((incoming, outgoing) => {
    const headers = { ...incoming.headers };
    delete headers.cookie;
    const { method, url } = incoming;
    const request = http.request(url, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    request.on('error', () => outgoing.destroy());
    incoming.pipe(request);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
