// The page: asks the JSON API, and shows what it answers. All texts are set as text, never as HTML.

import { FootprintMap } from './map.js';

const $ = (id) => document.getElementById(id);
const state = {
  parts: [], // of the query beside the sentence: {kind: 'picture'|'more'|'less', ...}
  shown: null, // the last answer
  asked: null, // its request, for the download
  version: '',
  turn: 0, // of the last search, so that a late answer is dropped
};

const map = new FootprintMap($('map'), {
  choose: (id) => choose(id, true),
  drawn: (box) => {
    $('bbox').value = box.map((degree) => degree.toFixed(5)).join(', ');
    setDrawing(false);
    $('filters').open = true;
    countFilters();
    if (hasQuery()) search();
  },
  moved: ([longitude, latitude]) => {
    $('where-pointer').textContent = `${Math.abs(latitude).toFixed(4)}° ${latitude < 0 ? 'S' : 'N'}, `
      + `${Math.abs(longitude).toFixed(4)}° ${longitude < 0 ? 'W' : 'E'}`;
  },
});

class Refusal extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refusal(0, 'the server does not answer: is it still running?');
  }
  if (response.ok) return response;
  let sentence = `the server answers ${response.status}`;
  try {
    sentence = (await response.json()).detail;
  } catch { /* it is no sentence */ }
  throw new Refusal(response.status, sentence);
}

const post = (path, content) => ask(path, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(content),
});

async function loadIndex() {
  const index = await (await ask('api/index')).json();
  state.version = index.version;
  const count = (number, word) => `${number.toLocaleString('en')} ${word}${number === 1 ? '' : 's'}`;
  $('index-facts').textContent = `${index.name}: ${count(index.tiles, 'tile')} of `
    + `${count(index.files, 'file')}`;
  $('columns').textContent = `on ${index.columns.join(', ')}`;
  if (index.tile_server) {
    map.tiles = index.tile_server.url;
    $('attribution').textContent = index.tile_server.attribution;
  }
  if (index.extent) map.home = index.extent;
  if (!state.shown) map.fitHome();
}

function readBox(text) {
  const numbers = text.split(/[\s,;]+/).filter(Boolean).map(Number);
  if (numbers.length !== 4 || !numbers.every(Number.isFinite)) {
    throw new Refusal(0, 'a box is west, south, east, north in degrees, such as 5.9, 45.8, 10.5, 47.8');
  }
  return numbers;
}

function hasQuery() {
  return Boolean($('text').value.trim()) || state.parts.some((part) => part.kind !== 'less');
}

async function readRequest() {
  const request = { text: $('text').value.trim() || null };
  const pictures = state.parts.filter((part) => part.kind === 'picture');
  for (const part of pictures) {
    if (!part.key) part.key = await send(part.file);
  }
  request.pictures = pictures.map((part) => part.key);
  for (const kind of ['more', 'less']) {
    const parts = state.parts.filter((part) => part.kind === kind);
    request[`${kind}_like`] = parts.map((part) => part.id);
  }
  for (const name of ['since', 'until', 'where']) {
    if ($(name).value.trim()) request[name] = $(name).value.trim();
  }
  if ($('bbox').value.trim()) request.bbox = readBox($('bbox').value);
  if ($('top-k').value) request.top_k = Number($('top-k').value);
  if ($('min-score').value) request.min_score = Number($('min-score').value);
  if ($('every-tile').checked) request.every_tile = true;
  return request;
}

async function send(file) {
  const response = await ask('api/pictures', {
    method: 'POST',
    headers: { 'Content-Type': 'application/octet-stream' },
    body: file,
  });
  return (await response.json()).picture;
}

async function search() {
  const turn = (state.turn += 1);
  $('error').textContent = '';
  $('status').textContent = 'Searching …';
  const began = performance.now();
  try {
    const { request, answer } = await found();
    if (turn !== state.turn) return;
    state.asked = request;
    if (answer.version !== state.version) loadIndex().catch(tell);
    const seconds = ((performance.now() - began) / 1000).toFixed(2);
    show(answer);
    const count = answer.results.length;
    $('status').textContent = `${count} result${count === 1 ? '' : 's'} in ${seconds} s`;
  } catch (error) {
    if (turn !== state.turn) return;
    $('status').textContent = '';
    tell(error);
  }
}

// A picture that the server has forgotten is sent once more.
async function found() {
  const ready = state.parts.some((part) => part.key);
  const request = await readRequest();
  try {
    return { request, answer: await (await post('api/search', request)).json() };
  } catch (error) {
    if (error.status !== 404 || !ready) throw error;
    state.parts.forEach((part) => { part.key = null; });
    const again = await readRequest();
    return { request: again, answer: await (await post('api/search', again)).json() };
  }
}

function tell(error) {
  if (!(error instanceof Refusal)) console.error(error);
  $('error').textContent = error.message;
}

function show(answer) {
  state.shown = answer;
  $('results-title').textContent = `Results for ${answer.query}`;
  $('notes').replaceChildren(...[answer.verdict, ...answer.notes].filter(Boolean).map((note) => {
    const item = document.createElement('li');
    item.textContent = note;
    return item;
  }));
  $('cards').replaceChildren(...answer.results.map((result) => card(result, answer.version)));
  $('download').hidden = !answer.results.length;
  const placed = answer.results.filter((result) => result.geometry);
  map.show(placed);
  const without = answer.results.length - placed.length;
  $('placeless').textContent = without
    ? `${without} of ${answer.results.length} results have no place on Earth` : '';
}

const thumbnail = (id, version) => `api/tiles/${id}/thumbnail?side=256&version=${version}`;

function card(result, version) {
  const item = $('card').content.cloneNode(true).querySelector('li');
  item.dataset.id = result.id;
  const picture = item.querySelector('img');
  picture.src = thumbnail(result.id, version);
  const button = item.querySelector('.show');
  button.setAttribute('aria-label', `Result ${result.rank}, ${result.name}: show it on the map`);
  button.addEventListener('click', () => choose(result.id, false));
  item.querySelector('.rank').textContent = result.rank;
  item.querySelector('.score').textContent = `score ${result.score.toFixed(4)}`;
  item.querySelector('.name').textContent = result.name;
  const lines = [];
  if (result.percentile !== null) {
    lines.push(`better than ${shares(result.percentile)} % of unrelated sentences`);
  }
  if (!result.is_whole) lines.push(`window ${result.window.join(', ')}`);
  lines.push(result.place || 'no place on Earth');
  if (result.date) lines.push(result.date);
  if (result.others) lines.push(`${result.others} more of this place`);
  item.querySelector('.known').textContent = lines.join('\n');
  for (const kind of ['more', 'less']) {
    const action = item.querySelector(`.${kind}`);
    action.setAttribute('aria-label', `${action.textContent}: result ${result.rank}, ${result.name}`);
    action.addEventListener('click', () => {
      addPart({ kind, id: result.id, name: result.name, picture: picture.src });
      if (kind === 'more' || hasQuery()) search();
    });
  }
  return item;
}

// 100 only if nothing was better, and 0 only if nothing was worse.
function shares(percentile) {
  if (percentile === 0 || percentile === 100) return String(percentile);
  return Math.min(Math.max(percentile, 0.1), 99.9).toFixed(1);
}

function choose(id, scroll) {
  for (const item of $('cards').children) {
    const isChosen = Number(item.dataset.id) === id;
    item.querySelector('.show').setAttribute('aria-pressed', String(isChosen));
    if (isChosen && scroll) {
      item.scrollIntoView({ block: 'nearest' });
      item.querySelector('.show').focus({ preventScroll: true });
    }
  }
  map.choose(id, !scroll);
}

function addPart(part) {
  const isKnown = part.id !== undefined
    && state.parts.some((some) => some.id === part.id && some.kind === part.kind);
  if (!isKnown) state.parts.push(part);
  showParts();
}

function showParts() {
  const words = { picture: 'like', more: 'more like', less: 'less like' };
  $('parts').replaceChildren(...state.parts.map((part) => {
    const item = document.createElement('li');
    const picture = document.createElement('img');
    picture.alt = '';
    picture.src = part.picture;
    const name = document.createElement('span');
    name.textContent = `${words[part.kind]} ${part.name}`;
    const remove = document.createElement('button');
    remove.type = 'button';
    remove.textContent = '×';
    remove.setAttribute('aria-label', `Remove ${part.name} from the search`);
    remove.addEventListener('click', () => {
      state.parts = state.parts.filter((some) => some !== part);
      if (part.kind === 'picture') URL.revokeObjectURL(part.picture);
      showParts();
      $('text').focus();
      if (hasQuery()) search();
    });
    item.append(picture, name, remove);
    return item;
  }));
}

function addFile(file) {
  if (!file) return;
  addPart({ kind: 'picture', file, name: file.name, picture: URL.createObjectURL(file) });
  search();
}

function countFilters() {
  const count = ['since', 'until', 'bbox', 'where', 'min-score'].filter((id) => $(id).value.trim())
    .length + $('every-tile').checked;
  $('filter-count').textContent = count ? `(${count} set)` : '';
  try {
    map.setBox($('bbox').value.trim() ? readBox($('bbox').value) : null);
  } catch {
    map.setBox(null);
  }
}

function setDrawing(isDrawing) {
  map.setDrawing(isDrawing);
  $('draw').setAttribute('aria-pressed', String(isDrawing));
}

async function download() {
  $('error').textContent = '';
  try {
    const file = await (await post('api/search/geojson', state.asked)).blob();
    const link = document.createElement('a');
    link.href = URL.createObjectURL(file);
    link.download = 'found.geojson';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  } catch (error) {
    tell(error);
  }
}

$('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  search();
});
$('picture').addEventListener('change', () => {
  addFile($('picture').files[0]);
  $('picture').value = '';
});
$('filters').addEventListener('input', countFilters);
$('clear').addEventListener('click', () => {
  ['since', 'until', 'bbox', 'where', 'min-score'].forEach((id) => { $(id).value = ''; });
  $('every-tile').checked = false;
  countFilters();
  if (hasQuery()) search();
});
$('download').addEventListener('click', download);
$('zoom-in').addEventListener('click', () => map.zoomBy(1));
$('zoom-out').addEventListener('click', () => map.zoomBy(-1));
$('fit').addEventListener('click', () => map.fitHome());
$('draw').addEventListener('click', () => setDrawing(!map.isDrawing));
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') setDrawing(false);
});
for (const kind of ['dragenter', 'dragover']) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    document.body.classList.add('dropping');
  });
}
for (const kind of ['dragleave', 'drop']) {
  document.addEventListener(kind, (event) => {
    if (kind === 'drop' || !event.relatedTarget) document.body.classList.remove('dropping');
  });
}
document.addEventListener('drop', (event) => {
  event.preventDefault();
  addFile(event.dataTransfer.files[0]);
});
loadIndex().catch(tell);
