// A certified OpenID Connect server with a few accounts, in a process of its own: node server.js '{settings}'.
//
// settings: now (milliseconds: the test's clock, at which time stands still), client {id, secret, redirect_uri},
// accounts {login: claims}. When it listens it prints its address, one line.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const settings = JSON.parse(process.argv[2]);
Date.now = () => settings.now;

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const names = [...new Set(Object.values(settings.accounts).flatMap(Object.keys))];
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: settings.client.id,
        client_secret: settings.client.secret,
        redirect_uris: [settings.client.redirect_uri],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    cookies: { keys: [randomBytes(32).toString('hex')] },
    claims: { openid: ['sub'], profile: names },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...settings.accounts[id] }) }),
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    jwks: { keys: [{ ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
    ttl: { Interaction: 3600, Session: 3600, Grant: 3600, AccessToken: 3600, IdToken: 3600 },
  });
  server.on('request', provider.callback());
  process.stdout.write(`${issuer}\n`);
});
// The test that started it is gone.
process.stdin.resume().on('end', () => process.exit(0));
