"""The counter: walk-in filing, search, hand-over of cards."""
