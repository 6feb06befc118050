// Asks the npm libraries to find a server: run inside the private network by tests/clients/npm_clients.py.
// A line of JSON in (library, address, password), a line of JSON out.
"use strict";
const readline = require("readline");

const libraries = {
  // Phones' format: the URL of ActiveSync.
  "autodiscover-activesync": (address, password) =>
    require("autodiscover-activesync").default({ emailAddress: address, password }),

  // The EWS Managed API's port: the URL of EWS, by SOAP.
  "ews-javascript-api": async (address, password) => {
    const ews = require("ews-javascript-api");
    ews.EwsLogging.DebugLogEnabled = false;
    const service = new ews.ExchangeService(ews.ExchangeVersion.Exchange2010_SP1);
    service.Credentials = new ews.WebCredentials(address, password);
    await service.AutodiscoverUrl(address, () => true);
    return service.Url.ToString();
  },

  // SOAP as well, every place at once; it asks for a setting named "undefined".
  "exchange-autodiscover": (address, password) =>
    require("exchange-autodiscover")({ emailAddress: address, username: address, password }),
};

const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");
console.log = console.warn = console.info = (...words) => console.error(...words);

(async () => {
  say("ready");
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { library, address, password } = JSON.parse(line);
    try {
      say({ url: (await libraries[library](address, password)) || null });
    } catch (error) {
      say({ url: null, error: String((error && error.message) || error).slice(0, 300) });
    }
  }
})();
