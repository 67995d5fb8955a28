#!/usr/bin/env node
/**
 * Draws the samples of the models that look at pictures: hands that show digits, and doodles. All of them are drawings of
 * this project, made of lines written down here. The results are committed; run this again after changing a drawing.
 * Needs Chromium: CHROMIUM=/path/to/chromium node models/draw_samples.mjs
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';

const HERE = path.dirname(fileURLToPath(import.meta.url));
/** Pixels of the pictures. */
const HAND_SIDE = 160;
const DOODLE_SIDE = 112;

// --- hands: fingers are thick lines with round ends; the picture is 100 x 100 ---

/** Straight fingers by name: base, tip, width. */
const FINGERS = {
  index: [[37, 54], [31, 17], 9.4],
  middle: [[48, 50], [46, 10], 9.8],
  ring: [[59, 52], [62, 14], 9.4],
  little: [[68, 58], [78, 27], 8],
  thumb: [[36, 76], [10, 52], 10.6],
};
/** The same fingers, bent so that they lie on the palm. */
const BENT = {
  index: [[37, 54], [40, 65], 10.4],
  middle: [[48, 52], [49, 65], 10.4],
  ring: [[59, 53], [57, 66], 10],
  little: [[67, 58], [64, 68], 9],
  thumb: [[34, 76], [56, 70], 9.8],
};

/** Straight fingers, and those that stand in another way than usual.
 * @type {Record<string, { straight: (keyof typeof FINGERS)[], moved?: Record<string, any> }>} */
const HANDS = {
  1: { straight: ['index'] },
  2: { straight: ['index', 'middle'], moved: { index: [[37, 54], [24, 18], 9.4], middle: [[48, 50], [53, 10], 9.8] } },
  3: { straight: ['thumb', 'index', 'middle'], moved: { index: [[37, 54], [27, 17], 9.4], middle: [[48, 50], [51, 9], 9.8] } },
  4: { straight: ['index', 'middle', 'ring', 'little'] },
  5: { straight: ['thumb', 'index', 'middle', 'ring', 'little'] },
};

const line = (/** @type {any} */ [[x1, y1], [x2, y2], width], /** @type {number} */ wider, /** @type {string} */ colour) =>
  `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${colour}" stroke-width="${width + wider}" stroke-linecap="round"/>`;

/** @param {{ straight: (keyof typeof FINGERS)[], moved?: Record<string, any> }} hand */
function drawHand({ straight, moved = {} }) {
  const names = /** @type {(keyof typeof FINGERS)[]} */ (['little', 'ring', 'middle', 'index', 'thumb']);
  const up = names.filter((name) => straight.includes(name)).map((name) => moved[name] ?? FINGERS[name]);
  const bent = names.filter((name) => !straight.includes(name)).map((name) => BENT[name]);
  const palm = 'M32 53 Q28 66 33 80 Q37 90 38 104 L64 104 Q66 92 71 80 Q76 66 72 56 Q53 45 32 53 Z';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="${HAND_SIDE}" height="${HAND_SIDE}">
  <defs>
    <radialGradient id="wall"><stop stop-color="#e9ecef"/><stop offset="1" stop-color="#a9adb2"/></radialGradient>
    <linearGradient id="skin" x2="0.3" y2="1"><stop stop-color="#cfa583"/><stop offset="1" stop-color="#a97c5c"/></linearGradient>
  </defs>
  <rect width="100" height="100" fill="url(#wall)"/>
  <g transform="matrix(-0.9 0 0 0.9 97 10)">
  ${up.map((finger) => line(finger, 2.2, '#6e4f3a')).join('')}
  <path d="${palm}" fill="#6e4f3a" stroke="#6e4f3a" stroke-width="2.2"/>
  ${up.map((finger) => line(finger, 0, '#bd9070')).join('')}
  <path d="${palm}" fill="url(#skin)"/>
  ${bent.map((finger) => line(finger, 1.6, '#6e4f3a') + line(finger, 0, '#c79c7a')).join('')}
  </g>
</svg>`;
}

// --- doodles: ink on nothing, as Quick, Draw! has them; the picture is 100 x 100 ---

const circle = (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ r) =>
  `M${x - r} ${y} A${r} ${r} 0 1 1 ${x + r} ${y} A${r} ${r} 0 1 1 ${x - r} ${y}`;
const arch = (/** @type {number} */ r) => `M${50 - r} 74 A${r} ${r * 1.1} 0 0 1 ${50 + r} 74`;

const DOODLES = {
  apple: ['M50 32 C34 18 8 30 12 58 C15 82 34 94 50 86 C66 94 86 80 88 58 C91 30 66 18 50 32', 'M50 32 C50 22 53 14 58 8', 'M54 20 C64 10 74 12 78 18 C70 24 62 26 54 20'],
  bicycle: [circle(24, 66, 19), circle(77, 66, 19), 'M24 66 L42 40 L68 40 L50 66 L24 66', 'M50 66 L40 34 L32 34 L48 34', 'M77 66 L66 32 L76 28'],
  cat: ['M22 38 L18 10 L38 24 C46 21 54 21 62 24 L82 10 L78 38 C88 62 74 86 50 88 C26 86 12 62 22 38', circle(37, 47, 4), circle(63, 47, 4), 'M46 60 L54 60 L50 66 Z', 'M34 66 L8 60', 'M34 70 L8 74', 'M66 66 L92 60', 'M66 70 L92 74'],
  diamond: ['M30 18 L70 18 L92 42 L50 92 L8 42 Z', 'M8 42 L92 42', 'M30 18 L36 42 L50 92 L64 42 L70 18', 'M36 42 L50 18 L64 42'],
  eye: ['M6 52 C26 22 74 22 94 52 C74 80 26 80 6 52', circle(50, 51, 17), circle(50, 51, 7)],
  fish: ['M8 50 C24 24 56 24 74 48 L94 28 L92 72 L74 52 C56 76 24 76 8 50', circle(25, 45, 3), 'M38 34 C44 44 44 56 38 66'],
  rainbow: [arch(44), arch(36), arch(28), arch(20)],
  train: ['M8 66 L8 24 L34 24 L34 42 L84 42 L92 66 Z', 'M66 42 L66 24 L76 24 L76 42', 'M14 30 L28 30 L28 40 L14 40 Z', circle(22, 74, 8), circle(48, 74, 8), circle(74, 74, 8)],
};

/** @param {readonly string[]} strokes */
function drawDoodle(strokes) {
  const paths = strokes.map((d) => `<path d="${d}"/>`).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="${DOODLE_SIDE}" height="${DOODLE_SIDE}">
  <rect width="100" height="100" fill="#000"/>
  <g fill="none" stroke="#fff" stroke-width="5" stroke-linecap="round" stroke-linejoin="round">${paths}</g>
</svg>`;
}

// --- pictures ---

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const page = await browser.newPage();

/** @param {string} svg @param {number} side @param {string} file */
async function write(svg, side, file) {
  await page.setViewport({ width: side, height: side });
  await page.setContent(`<body style="margin:0">${svg}</body>`);
  await mkdir(path.dirname(file), { recursive: true });
  const isPhoto = file.endsWith('.jpg');
  await writeFile(file, await page.screenshot(isPhoto ? { type: 'jpeg', quality: 90 } : { type: 'png' }));
}

for (const [digit, hand] of Object.entries(HANDS)) {
  await write(drawHand(hand), HAND_SIDE, path.join(HERE, `sign_digits/samples/${digit}.jpg`));
}
for (const [name, strokes] of Object.entries(DOODLES)) {
  await write(drawDoodle(strokes), DOODLE_SIDE, path.join(HERE, `doodles/samples/${name}.png`));
}
await browser.close();
