#!/usr/bin/env node
/**
 * Draws what is made from drawings: the app's icons from the fish in art/minnow_mark.svg, as SVG and in
 * the PNG sizes that launchers want, and the sample picture from art/sample_balloon.svg. The results
 * are committed; run this again after changing a drawing.
 * Needs Chromium: CHROMIUM=/path/to/chromium node web_demo/draw_art.mjs
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';

const ART = path.join(path.dirname(fileURLToPath(import.meta.url)), 'art');
const SIDE = 512;
const WATER = ['#0f8b8d', '#07454f'];
const FISH = { body: '#f3fbf9', stripe: '#ff8a5c' };
const RIPPLE = '#ffffff';

const mark = await readFile(path.join(ART, 'minnow_mark.svg'), 'utf8');
const paths = (mark.match(/<symbol[^>]*>([\s\S]*)<\/symbol>/)?.[1] ?? '').trimEnd();
if (!paths) throw new Error('art/minnow_mark.svg has no <symbol>');

/**
 * @param {number} corner radius of the background's corners; 0 for maskable icons, which launchers cut
 * @param {number} fishWidth share of the icon's width
 */
function drawIcon(corner, fishWidth) {
  const scale = (fishWidth * SIDE) / 64;
  const left = ((SIDE - 64 * scale) / 2).toFixed(2);
  const top = ((SIDE - 32 * scale) / 2 - 0.02 * SIDE).toFixed(2);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIDE} ${SIDE}">
  <defs>
    <linearGradient id="water" x2="0" y2="1">
      <stop stop-color="${WATER[0]}" />
      <stop offset="1" stop-color="${WATER[1]}" />
    </linearGradient>
    <clipPath id="edge"><rect width="${SIDE}" height="${SIDE}" rx="${corner}" /></clipPath>
  </defs>
  <g clip-path="url(#edge)">
    <rect width="${SIDE}" height="${SIDE}" fill="url(#water)" />
    <g fill="none" stroke="${RIPPLE}" stroke-opacity=".14" stroke-width="7">
      <ellipse cx="256" cy="540" rx="180" ry="92" />
      <ellipse cx="256" cy="540" rx="330" ry="164" />
      <ellipse cx="256" cy="540" rx="490" ry="240" />
    </g>
    <g transform="translate(${left} ${top}) scale(${scale.toFixed(3)})" color="${FISH.body}" fill="${FISH.stripe}">${paths}
    </g>
  </g>
</svg>
`;
}

const plain = drawIcon(112, 0.78);
// Maskable icons keep everything that matters inside the middle 80 %.
const maskable = drawIcon(0, 0.62);
const sample = await readFile(path.join(ART, 'sample_balloon.svg'), 'utf8');
await writeFile(path.join(ART, 'icon.svg'), plain);

/** @type {{ name: string, svg: string, width: number, height: number }[]} */
const pictures = [
  { name: 'icon_192.png', svg: plain, width: 192, height: 192 },
  { name: 'icon_512.png', svg: plain, width: 512, height: 512 },
  { name: 'icon_maskable_512.png', svg: maskable, width: 512, height: 512 },
  { name: 'sample_balloon.webp', svg: sample, width: 640, height: 480 },
];

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  const page = await browser.newPage();
  for (const { name, svg, width, height } of pictures) {
    await page.setViewport({ width, height });
    await page.setContent(`<style>body{margin:0}svg{display:block;width:100vw}</style>${svg}`);
    const file = path.join(ART, name);
    if (name.endsWith('.webp')) await page.screenshot({ path: file, type: 'webp', quality: 85 });
    else await page.screenshot({ path: file, type: 'png', omitBackground: true });
    console.log(`art/${name}`);
  }
} finally {
  await browser.close();
}
