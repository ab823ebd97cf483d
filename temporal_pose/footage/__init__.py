"""Videos and folders of images, frame by frame."""

#: How raw and refined poses are drawn: in one picture, or one beside the other.
LAYOUTS = ("together", "side")
