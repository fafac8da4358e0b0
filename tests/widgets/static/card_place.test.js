import { placeOf } from "../../../widgets/static/card_place.js";
import { equal, holds, test } from "./harness.js";

const page = { width: 1280, height: 720 }, phone = { width: 390, height: 844 };
/** @param {[left: number, right: number, top: number, bottom: number]} edges */
const box = (...[left, right, top, bottom]) => ({ left, right, top, bottom });

test("a card opens beside the panel where there is room, at the height of its row", () => {
  const legend = box(586, 790, 480, 676);
  equal(placeOf(box(586, 790, 506, 530), legend, page, () => 150), { left: 794, width: 400, most: 708, top: 506 });
  const low = placeOf(box(586, 790, 630, 654), legend, page, () => 200);
  equal(low.top + 200, 714); // the whole card is on the page
});

test("without room beside it a card covers other rows, never the curves above or beside the legend, nor its own row", () => {
  const legend = box(20, 370, 570, 760);
  for (let top = 600; top < 740; top += 24) {
    const row = box(20, 370, top, top + 24);
    for (const tall of [60, 150, 400]) {
      const place = placeOf(row, legend, phone, () => tall), end = place.top + Math.min(tall, place.most);
      holds(place.left >= legend.left && place.left + place.width <= legend.right, "as wide as the legend");
      holds(place.top >= legend.top && end <= phone.height, `${top}, ${tall}: from ${place.top} to ${end}`);
      holds(end <= row.top || place.top >= row.bottom, "its row is seen");
      holds(place.most >= 80, "there is room to read");
    }
  }
});
