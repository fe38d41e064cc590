// Services of the laboratory, each at an origin of its own: one that behaves, one that sends people round in circles.

import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';

const LANDED = '<!doctype html><html lang="en"><title>Landed</title><h1>Landed</h1></html>';

async function served(world, answer) {
  const server = http.createServer((request, response) => {
    const [status, headers, body] = answer(new URL(request.url, 'http://localhost'));
    response.writeHead(status, { 'content-type': 'text/html', ...headers });
    response.end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  world.atEnd(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://localhost:${server.address().port}`;
}

/** The services' own sides: `landed` shows what came, `circle` sends back until `repaired`. */
export async function startServices(world) {
  const services = { repaired: false };
  services.landed = await served(world, () => [200, {}, LANDED]);
  // As services do that have lost their own session: by a page. (A browser ends a chain of twenty redirects by itself.)
  const back = () => LANDED.replace('<title>', `<meta http-equiv="refresh" content="0;url=${services.again}"><title>`);
  services.circle = await served(world, () => [200, {}, services.repaired ? LANDED : back()]);
  return services;
}

/** Where a service sends people who come without a session. */
export function authorize(demo, id, redirectUri, more = {}) {
  const challenge = createHash('sha256').update(randomBytes(32)).digest('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: id,
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    state: 'here',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...more,
  });
  return `${demo.issuer}/oidc/authorize?${query}`;
}
