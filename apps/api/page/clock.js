/** The page's only door to time: calls `work` again and again, each time `milliseconds` after it ended. */
export function every(milliseconds, work) {
  const again = () => work().finally(() => setTimeout(again, milliseconds));
  void again();
}
