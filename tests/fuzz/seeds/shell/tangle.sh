#!/bin/bash
set -e
export AWS_SECRET_ACCESS_KEY="abc/def"
MASTER=${MASTER:-yarn}
ARGS=(--conf spark.a=1 --conf "spark.b=x y")
ARGS+=(--name "$1")
if [ -n "$X" ]; then MODE=client; else MODE=cluster; fi
OPTS="--conf spark.c=3 --conf spark.d=$PW"
f() { local x=$1; shift; spark-submit --name "$x" "$@"; }
f "my app" --master yarn app.py
for k in a b; do ARGS+=(--conf spark.$k=$k); done
/opt/spark/bin/spark-submit --master $MASTER --deploy-mode $MODE $OPTS \
  "${ARGS[@]}" \
  --conf 'spark.password=se"cret' $EXTRA app.py "$@" | tee log
cat > $SPARK_HOME/conf/spark-defaults.conf <<EOF
spark.ui.enabled  false
spark.e=$PW
EOF
echo "spark.f true" >> $SPARK_HOME/conf/spark-defaults.conf
ssh host "spark-submit --conf spark.g='1 2' x.jar"
kubectl apply -f - <<-EOF
	kind: Pod
	a: $MODE
	EOF
bash <<'EOF'
pyspark --master local[*]
EOF
