// Passkeys (W3C Web Authentication): a form says by data-passkey what it needs of the browser before it is sent.
"use strict";
(() => {
  if (!window.PublicKeyCredential) return;

  const octets = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
  const written = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");

  async function post(path, fields) {
    const answer = await fetch(path, { method: "POST", body: new URLSearchParams(fields) });
    if (answer.redirected) return location.assign(answer.url);
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.problem);
    return told;
  }

  function understood(options) {
    options.challenge = octets(options.challenge);
    if (options.user) options.user.id = octets(options.user.id);
    for (const each of [...(options.excludeCredentials || []), ...(options.allowCredentials || [])]) each.id = octets(each.id);
    return options;
  }

  async function answered(kind, options) {
    const credential = await navigator.credentials[kind]({ publicKey: understood(options) });
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = written(credential.response[name]);
    }
    return JSON.stringify({ id: credential.id, rawId: written(credential.rawId), type: credential.type, response });
  }

  async function sent(event) {
    const form = event.target.closest("form[data-passkey]");
    if (!form) return;
    event.preventDefault();
    const said = form.querySelector("[role=status]");
    said.textContent = "";
    try {
      const options = await post(form.dataset.offer, new FormData(form));
      form.elements.answer.value = await answered(form.dataset.passkey, options);
      form.submit();
    } catch (error) {
      said.textContent = error instanceof DOMException ? form.dataset.failed : error.message;
    }
  }

  async function proved(event) {
    const button = event.target.closest("[data-passkey-proof]");
    if (!button) return;
    const field = button.closest(".field");
    const said = field.querySelector("[role=status]");
    const csrf = button.form.elements.csrf.value;
    said.textContent = "";
    try {
      const answer = await answered("get", await post("/console/me/confirm/offer", { csrf }));
      await post("/console/me/confirm", { csrf, answer });
      const typed = field.querySelector("input");
      typed.required = false;
      typed.disabled = true;
      button.hidden = true;
      said.textContent = button.dataset.done;
    } catch (error) {
      said.textContent = error instanceof DOMException ? button.dataset.failed : error.message;
    }
  }

  function shown(root) {
    for (const each of root.querySelectorAll("[data-passkey], [data-passkey-proof]")) each.hidden = false;
  }

  document.addEventListener("submit", sent);
  document.addEventListener("click", proved);
  document.addEventListener("htmx:load", (event) => shown(event.target));
  shown(document);
})();
