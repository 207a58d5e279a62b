// Talks to the simulator's API.

/** An answer that is not a success; `code` names it. */
export class ApiError extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(`api/${path}`, options);
  } catch {
    throw new ApiError("offline");
  }
  const content = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(content.error ?? "unknown");
  return content;
}

const post = (path, content) =>
  call(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(content) });

/** Make up an id; what is sent again under the same id takes effect once. */
export function freshId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return "me-" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const listPhones = () => call("phones");
export const findPosts = (kind, words) => call(`posts?${new URLSearchParams({ kind, words })}`);
export const openPhone = (kind, key) => post("phones", { kind, post: key });
export const removePhone = (phone) => call(`phones/${phone}`, { method: "DELETE" });
export const send = (phone, what, content) => post(`phones/${phone}/${what}`, content);
export const fileAddress = (phone, message) => `api/phones/${phone}/files/${message}`;
export const streamOf = (phone, look) => new EventSource(`api/stream?${new URLSearchParams({ phone, look })}`);

/** Send a file with what belongs to it. */
export function sendFile(phone, file, content) {
  const form = new FormData();
  for (const [name, value] of Object.entries(content)) form.append(name, value);
  form.append("file", file, file.name || "foto.jpg");
  return call(`phones/${phone}/files`, { method: "POST", body: form });
}
