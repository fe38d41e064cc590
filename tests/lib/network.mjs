// A network that somebody is on: a forward proxy whose connections come from one address of 127.0.0.0/8, so
// that whoever is connected to sees that address. All names end on this machine.

import net from 'node:net';

/** Start it; gives the address of the proxy and how to stop it. */
export async function network(localAddress) {
  const open = new Set();
  const server = net.createServer((near) => {
    open.add(near);
    near.once('close', () => open.delete(near));
    near.on('error', () => near.destroy());
    near.once('data', (head) => {
      const asked = /^CONNECT \S+:(\d+) HTTP\/1\.1\r\n/.exec(head.toString('latin1'));
      if (!asked) {
        near.end('HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      const far = net.connect({ host: '127.0.0.1', port: Number(asked[1]), localAddress });
      far.once('connect', () => {
        near.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        near.pipe(far).pipe(near);
      });
      far.on('error', () => near.destroy());
      near.once('close', () => far.destroy());
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    stop: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
