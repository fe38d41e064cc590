// The laboratory's site: the demo's, with more networks, a relay, and services for every kind of trouble.

const service = (name, origin, more = '') => `
[[service]]
name = "${name}"
title = "${name[0].toUpperCase()}${name.slice(1)}"
contact = "${name}@demo.example"
${more}

[service.oidc]
redirect_uris = ["${origin}/callback"]
scopes = ["affiliation", "email", "groups", "offline_access", "openid", "profile"]
`;

/** The demo's document `exported`, with what `lab` adds. */
export function site(exported, lab) {
  const { landed, circle } = lab.services;
  const home = 'ranges = ["203.0.113.0/24"]';
  if (!exported.includes(home)) throw new Error('the demo has no network at home');
  if (!exported.includes('\n[mail]\n')) throw new Error('the demo sends no mail');
  return [
    exported.replace('\n[mail]\n', '\n[mail]\nbounces = "bounces@demo.example"\n').replace(home, 'ranges = ["198.18.0.0/15", "203.0.113.0/24"]'),
    '[[relay]]\nname = "Hidden Address Relay"\nranges = ["198.19.0.0/16"]',
    service('library', landed, 'groups = ["library"]'),
    service('archive', landed, 'disabled = true'),
    service('carousel', circle),
    ...lab.authorities.filter(({ name }) => name !== 'unlisted').map((authority) => authority.document()),
  ].join('\n');
}
