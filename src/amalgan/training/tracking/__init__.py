"""Trackers of experiments: what a run tells its callbacks, for TensorBoard, Weights & Biases, MLflow or Trackio.

    Teller ─► tracked: a callback ─► Tracker (``protocol``) ─┬─► tensorboard   R/tensorboard
                                                             ├─► wandb         R/wandb, and the server if there is one
                                                             ├─► mlflow        MLFLOW_TRACKING_URI, else R/mlflow
                                                             └─► trackio       Trackio's own place

Each tracker is one file over its own library, and an extra. All of them get the same: the numbers of the log, of
validation and of the model, and sheets of pictures, over the number of images.
"""
