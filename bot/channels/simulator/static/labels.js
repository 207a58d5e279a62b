// The words of the page.

export const KINDS = [
  ["village_head", "Kepala desa", "Cari desa atau kelurahan"],
  ["subdistrict_head", "Camat", "Cari kecamatan"],
  ["operator", "Operator desa", "Cari desa atau kelurahan"],
  ["office", "Petugas OPD", "Cari OPD"],
  ["coordinator", "Koordinator", "Cari kabupaten atau kota"],
  ["official", "Pejabat (bupati)", "Cari kabupaten atau kota"],
  ["stranger", "Orang baru", ""],
];

const TITLES = {
  village_head: (post) => `${post.is_ward ? "Lurah" : "Kepala Desa"} ${post.region}`,
  subdistrict_head: (post) => `Camat ${post.region}`,
  operator: (post) => `Operator ${post.is_ward ? "Kelurahan" : "Desa"} ${post.region}`,
  office: (post) => `Petugas ${officeOf(post.office)}`,
  coordinator: (post) => `Koordinator ${post.region}`,
  official: (post) => `Pejabat ${post.region}`,
};

/** Name an office; posts without one are of no office in particular. */
const officeOf = (name) => name || "OPD";

/** Say who holds a phone of this kind for this post. */
export const titleOf = (kind, post) => (post ? TITLES[kind](post) : "Orang baru");

/** Say where a post is. */
export function placeOf(post) {
  if (!post) return "";
  const around = post.subdistrict ? [`Kecamatan ${post.subdistrict}`] : [];
  if (post.district && (post.district !== post.region || post.office)) around.push(post.district);
  return around.join(", ");
}

/** Two letters for a round picture. */
export function initials(kind, post) {
  if (!post) return "?";
  const words = (post.office ? officeOf(post.office) : post.region).replace(/^(Kabupaten|Kota)\s+/i, "").split(/\s+/);
  return (words[0][0] + (words[1]?.[0] ?? words[0][1] ?? "")).toUpperCase();
}

const ERRORS = {
  offline: "Simulator tidak terjangkau. Apakah programnya masih berjalan?",
  not_taken: "Asisten sedang tidak berjalan. Coba lagi sebentar.",
  too_large: "Berkas terlalu besar: paling besar 20 MB.",
  empty_file: "Berkasnya kosong.",
  unknown_phone: "Ponsel ini sudah dibuang. Buka lagi dari daftar.",
  unknown_message: "Pesan itu sudah tidak ada di ponsel ini.",
  unknown_post: "Jabatan itu tidak ditemukan.",
  too_many_phones: "Sudah terlalu banyak ponsel. Buang beberapa dahulu.",
  refused: "Permintaan ditolak demi keamanan. Buka halaman ini dari komputer ini sendiri.",
};

/** Explain an error of the API. */
export const explain = (code) => ERRORS[code] ?? "Belum berhasil. Coba sekali lagi.";

/** Say what a message is when it has no text. */
export const FILE_WORDS = { photo: "Foto", document: "Dokumen", place: "Lokasi", text: "" };

/** What is said about the time in which WhatsApp lets the bot write freely. */
export const DAY_PASSED = "24 jam lebih berlalu. Sampai orang ini menulis lagi, WhatsApp hanya mengizinkan templat.";
export const LATE = "Di luar jendela 24 jam:";

const CLOCK = new Intl.DateTimeFormat("id-ID", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat("id-ID", { day: "numeric", month: "long", year: "numeric" });
const SHORT_DAY = new Intl.DateTimeFormat("id-ID", { day: "numeric", month: "short" });
const NUMBER = new Intl.NumberFormat("id-ID", { maximumFractionDigits: 1 });

export const clock = (at) => CLOCK.format(new Date(at));

/** Name a day: today, yesterday, or its date. */
export function dayOf(at) {
  const day = DAY.format(new Date(at));
  if (day === DAY.format(new Date())) return "Hari ini";
  if (day === DAY.format(new Date(Date.now() - 86_400_000))) return "Kemarin";
  return day;
}

/** Say when, shortly: the time today, else the day. */
export const shortly = (at) => (dayOf(at) === "Hari ini" ? clock(at) : SHORT_DAY.format(new Date(at)));

/** Write a size in the unit that reads best. */
export function sizeOf(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${NUMBER.format(bytes / 1024)} KB`;
  return `${NUMBER.format(bytes / 1024 / 1024)} MB`;
}
