"""Any data set beside the output of a simulated detector: finetuning without real recordings."""

from dataclasses import replace

import torch

from temporal_pose.inputs.simulated import Simulation
from temporal_pose.pose.boxes import heatmap_to_image
from temporal_pose.pose.framing import Framing
from temporal_pose.pose.metrics import torso_diameter
from temporal_pose.pose.observations import WindowBatch
from temporal_pose.pose.sequences import Detections, PoseSequence, Reader
from temporal_pose.pose.skeletons import CLIMBALONG25


class SimulatedDetector:
    """Puts detections beside a truth, as if a detector had seen the videos; never a real result.

    They are drawn once: every model, seed and setup sees the same.

    Args:
        reader: the truth.
        noise: the detector.
    """

    def __init__(self, reader: Reader, noise: Simulation) -> None:
        self.reader, self.noise = reader, noise

    def read(self) -> list[PoseSequence]:
        """The reader's sequences with detections.

        Raises:
            DataError: see the reader.
        """
        sequences, first = [], 0
        for read in self.reader.read():
            sequence = read.in_skeleton(CLIMBALONG25)  # whose errors are simulated
            sequences.append(replace(sequence, detections=self._detections(sequence, first)))
            first += len(sequence)
        return sequences

    def _detections(self, sequence: PoseSequence, first: int) -> Detections:
        """A whole video as one window."""
        truth = torch.from_numpy(sequence.keypoints)[None]
        visible = torch.from_numpy(sequence.visible)[None]
        fps = torch.tensor([sequence.fps], dtype=torch.float32)
        windows, framing = WindowBatch(truth, visible, fps, torch.tensor([first])), Framing()
        framed = self.noise.frame(windows, framing)
        torso = torso_diameter(framed.keypoints, framed.visible).nanmean().item()
        seen = self.noise.observe(windows, framed, torso, framing.size)
        positions = heatmap_to_image(seen.positions, seen.boxes, framing.size)
        detected = seen.detected[0].numpy()
        return Detections(
            positions[0].where(seen.detected[0][..., None], 0).numpy(),
            detected,
            seen.scores[0].float().numpy(),
        )
