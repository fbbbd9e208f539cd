// Random numbers that follow from a seed and a purpose: the same in every browser.

/** FNV-1a. @param {string} text @returns {number} 32 bits */
export function hashOf(text) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** sfc32 (Chris Doty-Humphrey). @param {string} key @returns {() => number} uniform numbers in [0, 1) of 24 bits */
export function stream(key) {
  let a = hashOf(`${key}/a`), b = hashOf(`${key}/b`), c = hashOf(`${key}/c`), count = 1;
  const next = () => {
    const sum = (a + b + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return (sum >>> 8) / 2 ** 24;
  };
  for (let turn = 0; turn < 12; turn++) next();
  return next;
}

/** @param {string} key @param {number} count @returns {Float32Array} uniform in [0, 1) */
export function uniforms(key, count) {
  const next = stream(key);
  return Float32Array.from({ length: count }, next);
}

/** Box and Muller. @param {string} key @param {number} count @param {number} [deviation] @returns {Float32Array} */
export function normals(key, count, deviation = 1) {
  const next = stream(key);
  return Float32Array.from({ length: count }, () => {
    const far = Math.sqrt(-2 * Math.log(1 - next()));
    return deviation * far * Math.cos(2 * Math.PI * next());
  });
}
