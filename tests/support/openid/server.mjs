// A real OpenID provider with one client; whoever signs in is who they say. node server.mjs PORT REDIRECT SECRET
import { Provider } from "oidc-provider";
// Debian 12 has Node.js 18, which lacks this; it is all that the provider misses there.
URL.parse ??= (text, base) => { try { return new URL(text, base); } catch { return null; } };
const [port, redirect, secret] = process.argv.slice(2);
const account = (_, sub) => ({
  accountId: sub,
  claims: () => ({ sub, email: `${sub.replace(/^un/, "")}@acme.example`, email_verified: !sub.startsWith("un") }),
});
const provider = new Provider(`http://localhost:${port}`, {
  clients: [{ client_id: "usher", client_secret: secret, redirect_uris: [redirect] }],
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  conformIdTokenClaims: false,
  findAccount: account,
  cookies: { keys: ["a key of a test"] },
});
provider.listen(Number(port), "127.0.0.1");
