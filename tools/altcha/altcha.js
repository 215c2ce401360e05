// ALTCHA's own library, asked over standard input and output: one JSON a line.
//   {"solve": challenge}                       -> the solution
//   {"create": options, "secrets": [...]}      -> a challenge
//   {"verify": payload, "secrets": [...]}      -> what the library says of it
import { createInterface } from 'node:readline';
import { createChallenge, solveChallenge, verifySolution } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/web/pbkdf2';

function keys([signature, keySignature]) {
  return { hmacSignatureSecret: signature, hmacKeySignatureSecret: keySignature };
}

async function answer({ solve, create, verify, secrets }) {
  if (solve) return solveChallenge({ challenge: solve, deriveKey });
  if (create) return createChallenge({ ...create, ...keys(secrets), deriveKey });
  return verifySolution({ ...verify, ...keys(secrets), deriveKey });
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
}
