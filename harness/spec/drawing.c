/* The machine as a drawing.  What leads where comes from the machine; only the
 * places of states and arrows on the sheet stand here.  An arrow that has no
 * place of its own is a straight one. */
#include "spec/rulebook.h"
#include "weir/spec.h"
#include "weir/trace.h"

enum { SHEET_TOP = 50, SHEET_WIDTH = 1000, SHEET_HEIGHT = 660, STATE_WIDTH = 150, STATE_HEIGHT = 64, LINE_HEIGHT = 17 };

static const struct {
  int x, y; /* of its middle */
  const char *words;
} places[WEIR_STATE_BAD] = {
    [WEIR_STATE_START] = {90, 230, "not yet connected"}, [WEIR_STATE_OPEN] = {380, 230, "no buffer given out"},
    [WEIR_STATE_BUFFER] = {800, 230, "a buffer is out"}, [WEIR_STATE_EOF] = {590, 430, "the peer has ended"},
    [WEIR_STATE_LOST] = {590, 650, "it is over"},
};

/* The way of an arrow, and where the last line of its label stands. */
static const struct {
  uint8_t from, to;
  const char *path;
  int x, y;
  const char *anchor;
} ways[] = {
    {WEIR_STATE_START, WEIR_STATE_OPEN, "M 165 230 L 303 230", 234, 218, "middle"},
    {WEIR_STATE_OPEN, WEIR_STATE_BUFFER, "M 452 213 C 530 176 650 176 726 211", 590, 174, "middle"},
    {WEIR_STATE_BUFFER, WEIR_STATE_OPEN, "M 728 247 C 650 284 530 284 454 249", 590, 312, "middle"},
    {WEIR_STATE_OPEN, WEIR_STATE_OPEN, "M 350 198 C 320 112 440 112 411 196", 380, 118, "middle"},
    {WEIR_STATE_BUFFER, WEIR_STATE_BUFFER, "M 770 198 C 740 112 860 112 831 196", 800, 118, "middle"},
    {WEIR_STATE_OPEN, WEIR_STATE_EOF, "M 410 262 C 425 330 490 360 537 395", 442, 358, "end"},
    {WEIR_STATE_BUFFER, WEIR_STATE_EOF, "M 770 262 C 755 330 690 360 643 395", 738, 358, "start"},
    {WEIR_STATE_OPEN, WEIR_STATE_LOST, "M 340 262 C 290 450 390 640 512 650", 336, 540, "end"},
    {WEIR_STATE_BUFFER, WEIR_STATE_LOST, "M 840 262 C 890 450 790 640 668 650", 844, 540, "start"},
    {WEIR_STATE_EOF, WEIR_STATE_LOST, "M 590 462 L 590 615", 600, 545, "start"},
    {WEIR_STATE_EOF, WEIR_STATE_EOF, "M 664 420 C 715 400 715 466 661 446", 712, 446, "start"},
};
enum { WAY_COUNT = sizeof ways / sizeof *ways };

/* A colour a kind of callback: its class in the style sheet. */
static const char *kind_of(unsigned event) {
  switch (event) {
  case WEIR_EVENT_CONNECTION_MADE:
  case WEIR_EVENT_CONNECTION_LOST: return "life";
  case WEIR_EVENT_EOF_RECEIVED: return "end";
  case WEIR_EVENT_PAUSE_WRITING:
  case WEIR_EVENT_RESUME_WRITING: return "flow";
  default: return "data";
  }
}

static const struct {
  const char *kind, *colour;
} kinds[] = {{"life", "#9b2226"}, {"data", "#1d5b99"}, {"end", "#9a5b00"}, {"flow", "#5c6670"}};

static bool leads(weir_state from, weir_state to, unsigned event) {
  return weir_event_group_of(event) == WEIR_GROUP_CALLBACK && weir_machine_next(from, event) == to;
}

static void draw_head(FILE *out) {
  (void)fprintf(out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 %d %d %d\" width=\"%d\" height=\"%d\" "
                "role=\"img\" aria-labelledby=\"title\">\n"
                "<title id=\"title\">The states of a buffered protocol, and the callbacks that lead from one to "
                "another</title>\n<style>\n",
                SHEET_TOP, SHEET_WIDTH, SHEET_HEIGHT, SHEET_WIDTH, SHEET_HEIGHT);
  (void)fprintf(out,
                "text { font-family: ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; font-size: 13px; "
                "text-anchor: middle }\n"
                ".name { font-size: 17px; font-weight: bold; fill: #1b2733 }\n"
                ".words { font-family: system-ui, 'DejaVu Sans', Arial, sans-serif; font-size: 12px; fill: #45525f }\n"
                ".state { fill: #edf3f9; stroke: #33485c; stroke-width: 1.6 }\n"
                ".way { fill: none; stroke-width: 1.6 }\n");
  for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
    (void)fprintf(out, ".way.%s { stroke: %s; marker-end: url(#%s) }\ntext.%s, .tip.%s { fill: %s }\n", kinds[i].kind,
                  kinds[i].colour, kinds[i].kind, kinds[i].kind, kinds[i].kind, kinds[i].colour);
  (void)fprintf(out, "</style>\n<defs>\n");
  for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
    (void)fprintf(
        out,
        "<marker id=\"%s\" viewBox=\"0 0 10 10\" refX=\"8.5\" refY=\"5\" markerWidth=\"7\" markerHeight=\"7\" "
        "orient=\"auto\"><path class=\"tip %s\" d=\"M 0 1 L 9 5 L 0 9 z\"/></marker>\n",
        kinds[i].kind, kinds[i].kind);
  (void)fprintf(out, "</defs>\n<rect y=\"%d\" width=\"%d\" height=\"%d\" rx=\"10\" fill=\"#ffffff\"/>\n", SHEET_TOP,
                SHEET_WIDTH, SHEET_HEIGHT);
}

static void draw_states(FILE *out) {
  for (unsigned state = 0; state < WEIR_STATE_BAD; state++) {
    int x = places[state].x, y = places[state].y;
    (void)fprintf(out, "<rect class=\"state\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\"/>\n",
                  x - STATE_WIDTH / 2, y - STATE_HEIGHT / 2, STATE_WIDTH, STATE_HEIGHT, STATE_HEIGHT / 2);
    (void)fprintf(out, "<text class=\"name\" x=\"%d\" y=\"%d\">%s</text>\n", x, y - 2,
                  weir_state_name((weir_state)state));
    (void)fprintf(out, "<text class=\"words\" x=\"%d\" y=\"%d\">%s</text>\n", x, y + 16, places[state].words);
  }
}

/* The callbacks of an arrow, one below the other, the last at y. */
static void draw_label(weir_state from, weir_state to, int x, int y, const char *anchor, FILE *out) {
  int lines = 0;
  for (unsigned event = 1; event < WEIR_EVENT_COUNT; event++) lines += leads(from, to, event);
  for (unsigned event = 1; event < WEIR_EVENT_COUNT; event++) {
    if (!leads(from, to, event)) continue;
    lines--;
    (void)fprintf(out, "<text class=\"%s\" style=\"text-anchor: %s\" x=\"%d\" y=\"%d\">%s</text>\n", kind_of(event),
                  anchor, x, y - lines * LINE_HEIGHT, weir_event_name(event));
  }
}

static void draw_arrow(weir_state from, weir_state to, unsigned first, FILE *out) {
  for (unsigned i = 0; i < WAY_COUNT; i++) {
    if (ways[i].from != from || ways[i].to != to) continue;
    (void)fprintf(out, "<path class=\"way %s\" d=\"%s\"/>\n", kind_of(first), ways[i].path);
    draw_label(from, to, ways[i].x, ways[i].y, ways[i].anchor, out);
    return;
  }
  int x = (places[from].x + places[to].x) / 2, y = (places[from].y + places[to].y) / 2;
  (void)fprintf(out, "<path class=\"way %s\" d=\"M %d %d L %d %d\"/>\n", kind_of(first), places[from].x, places[from].y,
                places[to].x, places[to].y);
  draw_label(from, to, x, y, "middle", out);
}

static void draw_arrows(FILE *out) {
  for (unsigned from = 0; from < WEIR_STATE_BAD; from++)
    for (unsigned to = 0; to < WEIR_STATE_BAD; to++)
      for (unsigned event = 1; event < WEIR_EVENT_COUNT; event++) {
        if (!leads((weir_state)from, (weir_state)to, event)) continue;
        draw_arrow((weir_state)from, (weir_state)to, event, out);
        break;
      }
}

void weir_rulebook_svg(FILE *out) {
  draw_head(out);
  draw_arrows(out);
  draw_states(out);
  (void)fprintf(out,
                "<text class=\"words\" style=\"text-anchor: start\" x=\"24\" y=\"676\">A callback that has no arrow "
                "from a state</text>\n<text class=\"words\" style=\"text-anchor: start\" x=\"24\" y=\"694\">is not "
                "allowed there.</text>\n</svg>\n");
}
