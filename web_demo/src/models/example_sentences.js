/** Sentences of our own to try the Read tab with. */

/** @type {Record<import('../inputs/text_language.js').Language, readonly string[]>} */
export const EXAMPLES = {
  en: [
    'How much money is left in my checking account?',
    'My card was declined at the shop, what happened?',
    'How long should I boil the potatoes?',
    'Add milk and eggs to my shopping list',
    'When does my car need an oil change?',
    'Find me a flight to Lisbon next Friday',
    'Wake me up at seven tomorrow',
    'How many vacation days do I have left?',
    'Tell me something funny',
    'What is the deepest point of the ocean?',
  ],
  zh: [
    '帮我找一家人均消费五十到一百元的餐馆',
    '故宫的门票多少钱？',
    '我想订一家有免费无线网的酒店',
    '请帮我叫一辆出租车去机场',
    '离那里最近的地铁站是哪一站？',
    '谢谢你的帮助，再见！',
  ],
};
